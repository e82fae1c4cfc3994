/**
 * What is wrong with a text that JSON.parse refused, and at which byte, in words a device maker can act on. V8's own message
 * quotes the text around the mistake, which may hold personal data; only its fixed phrases and its position are used.
 */
export function jsonMistake(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const [, phrase = '', position] = /^(.*?)(?: in JSON)? at position (\d+)/.exec(message) ?? []
  const at = position === undefined ? undefined : Number(position)
  if (text.trim() === '') return 'there is nothing in it but white space'
  if (message === 'Unexpected end of JSON input' || (at !== undefined && at >= text.length))
    return `it ends in the middle, after ${Buffer.byteLength(text)} bytes; was it cut?`

  const word = foreignWord(text)
  if (word !== undefined && word <= (at ?? word))
    return `only true, false, null and finite numbers stand without quotes, no NaN, no Infinity${byte(text, word)}`
  if (at === undefined)
    return 'something in it is neither a number, true, false, null, a text in double quotes, {} nor []'
  if (text[at] === '\0') return `a NUL byte follows it; send it without the end mark of a C string${byte(text, at)}`
  return `${phrases[phrase] ?? 'a mistake'}${byte(text, at)}`
}

const phrases: Record<string, string> = {
  "Expected property name or '}'": 'a field name in double quotes is expected',
  'Expected double-quoted property name': 'a field name in double quotes is expected, or no comma before',
  "Expected ':' after property name": 'a colon is expected after a field name',
  "Expected ',' or '}' after property value": 'a comma or } is expected',
  "Expected ',' or ']' after array element": 'a comma or ] is expected',
  'Bad control character in string literal': 'a control character in a text must be escaped, a line break is \\n',
  'Bad escaped character': 'a text holds a backslash that escapes nothing; a backslash itself is \\\\',
  'Bad Unicode escape': 'four hex digits are expected after \\u',
  'Unexpected number': 'a number begins with 0',
  'No number after minus sign': 'a digit is expected after -',
  'Exponent part is missing a number': 'a digit is expected in an exponent',
  'Unterminated fractional number': 'a digit is expected after a decimal point',
  'Unexpected non-whitespace character after JSON': 'something follows the end of the object',
}

const byte = (text: string, at: number): string => `, at byte ${Buffer.byteLength(text.slice(0, at))}`

/** The place of a word as programs print it where they have no number, or as other languages write what JSON writes else. */
function foreignWord(text: string): number | undefined {
  // A text without an end goes to the end: a pattern that fails there would be tried again at each quote.
  const outsideTexts = text.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)/g, quoted => ' '.repeat(quoted.length))
  const words = [...outsideTexts.matchAll(/-?(?<!\w)(?:nan|inf|infinity|undefined|none|nil|true|false|null)\b/gi)]
  return words.find(([word]) => !['true', 'false', 'null'].includes(word))?.index
}

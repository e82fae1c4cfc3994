/**
 * The plain forms of YAML in which a registry is mostly written, read by their lines: a file of 10,000 devices takes the whole
 * parser more than a second and 300 MB, and this some hundredths. What it reads it reads as the parser would, which
 * test/unit/registry-plain.test.ts keeps true; at anything else, a mistake too, it gives up and the parser is asked.
 *
 *     version: 1
 *     devices:
 *       - { id: button-1, site: school-01 }     each entry in a line,
 *       - id: button-2                          or each of its fields in one
 *         site: school-01
 */
type Fields = Record<string, unknown>

const list = /^([A-Za-z][A-Za-z0-9]*):$/
const field = /^( *)([A-Za-z][A-Za-z0-9]*): (.+)$/
const entry = /^( *)- (.+)$/
/** What is no tab, no carriage return, nothing that isn't text. */
const isText = /^[\n\x20-\x7e\u00a1-\u2027\u2030-\ud7ff\uf900-\ufdff\uff01-\uffe6]*$/
const isSilent = /^ *(#.*)?$/

/** The content of the text, or undefined: not in these forms. */
export function plainContent(text: string): Fields | undefined {
  if (!isText.test(text)) return undefined
  const content: Fields = {}
  let entries: Fields[] | undefined
  /** Of the list: where its dashes stand. */
  let indent = -1
  /** Of the entry under way: its fields stand in lines of their own. */
  let open: Fields | undefined
  for (const line of text.split('\n')) {
    if (isSilent.test(line)) continue
    const [, dash, rest] = entry.exec(line) ?? []
    if (dash !== undefined && rest !== undefined) {
      if (entries === undefined || (indent >= 0 && dash.length !== indent)) return undefined
      indent = dash.length
      open = rest.startsWith('{') ? undefined : {}
      const fields = open === undefined ? new Flow(rest).whole() : withField(open, field.exec(rest), 0)
      if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined
      entries.push(fields as Fields)
      continue
    }
    const found = field.exec(line)
    if (found?.[1] === '') {
      if (entries?.length === 0 || withField(content, found, 0) === undefined) return undefined
      entries = open = undefined
    } else if (found !== null) {
      if (open === undefined || withField(open, found, indent + 2) === undefined) return undefined
    } else {
      const name = list.exec(line)?.[1]
      if (name === undefined || isOther.test(name) || Object.hasOwn(content, name)) return undefined
      // One with nothing in it is null to YAML.
      if (entries?.length === 0) return undefined
      content[name] = entries = []
      open = undefined
      indent = -1
    }
  }
  return entries?.length === 0 || Object.keys(content).length === 0 ? undefined : content
}

/** Takes the field in, where it stands at the right place and is new. */
function withField(fields: Fields, found: RegExpExecArray | null, indent: number): Fields | undefined {
  const [, spaces, name, text] = found ?? []
  if (name === undefined || text === undefined || spaces?.length !== indent || Object.hasOwn(fields, name))
    return undefined
  const value = new Flow(text).whole()
  if (value === undefined || isOther.test(name)) return undefined
  fields[name] = value
  return fields
}

const quoted = /"([^"\\]*)"/y
const bare = /[\p{L}\p{N}][\p{L}\p{N}_./()（）-]*(?: [\p{L}\p{N}_./()（）-]+)*/uy
const key = /([A-Za-z][A-Za-z0-9]*): /y
const whole = /^(?:0|[1-9][0-9]{0,14})$/
const decimal = /^(?:0|[1-9][0-9]{0,9})\.[0-9]{1,12}$/
/**
 * Begins like a number, of which YAML has more forms than these two, and not like a telephone's; or is a word that means no
 * text.
 */
const isOther = /^(?![0-9]+-)[0-9.]|^(?:true|false|null|yes|no|on|off|y|n)$/i

/** A value in one line: `{ a: b, c: [d] }`, `"text"`, `text`, `3`, `37.71`, `true`. */
class Flow {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): unknown {
    const value = this.#value(0)
    return this.#at === this.#text.length ? value : undefined
  }

  #value(depth: number): unknown {
    const first = this.#text[this.#at]
    if (first === '{' || first === '[') return depth > 4 ? undefined : this.#collection(first, depth)
    if (first === '"') return this.#take(quoted)?.[1]
    const text = this.#take(bare)?.[0]
    if (text === undefined) return undefined
    if (text === 'true' || text === 'false') return text === 'true'
    if (whole.test(text) || decimal.test(text)) return Number(text)
    return isOther.test(text) ? undefined : text
  }

  #collection(opening: '{' | '[', depth: number): unknown {
    const closing = opening === '{' ? '}' : ']'
    const fields: Fields = {}
    const items: unknown[] = []
    this.#at++
    this.#spaces()
    while (this.#text[this.#at] !== closing) {
      const name = opening === '{' ? this.#take(key)?.[1] : ''
      if (name === undefined || isOther.test(name) || Object.hasOwn(fields, name)) return undefined
      const value = this.#value(depth + 1)
      if (value === undefined) return undefined
      if (opening === '{') fields[name] = value
      else items.push(value)
      this.#spaces()
      if (this.#text[this.#at] === ',') {
        this.#at++
        this.#spaces()
        if (this.#text[this.#at] === closing) return undefined
      } else if (this.#text[this.#at] !== closing) return undefined
    }
    this.#at++
    return opening === '{' ? fields : items
  }

  #spaces(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found !== null) this.#at += found[0].length
    return found
  }
}

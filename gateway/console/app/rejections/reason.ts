/**
 * Why a publish was refused, in Chinese: the gateway says it in English, in sentences of its own (gateway/mqtt/reason.ts, strict-json.ts,
 * admit.ts). What isn't known here stays as it is, so that nothing is ever left out. Pure.
 */
type Rule = readonly [pattern: RegExp, text: string]

const wholes: readonly Rule[] = [
  [
    /^no such topic; a device publishes on (\S+), heartbeat and status$/,
    '主题不对；设备只能发布到 $1、heartbeat 和 status',
  ],
  [/^the payload is empty; send a JSON object$/, '内容为空；请发送 JSON 对象'],
  [/^the payload is not UTF-8 from byte (\d+) on; .*$/, '从第 $1 字节起不是 UTF-8；不要发 GBK 或二进制'],
  [/^the payload begins with a byte order mark \(EF BB BF\); send it without$/, '内容以 BOM（EF BB BF）开头；请去掉'],
  [/^the payload is nested deeper than (\d+) levels$/, '嵌套超过 $1 层'],
  [
    /^the payload is not JSON: it ends in the middle, after (\d+) bytes; was it cut\?$/,
    '不是 JSON：在第 $1 字节处中断，可能被截断',
  ],
  [/^the payload is not a JSON object but (.+)$/, '不是 JSON 对象，而是$1'],
  [/^a field stands twice in one object; send each once$/, '同一对象里有重复字段；每个只发一次'],
  [/^and (\d+) more$/, '另有 $1 处'],
]
/** What JSON it is not (gateway/mqtt/json-mistake.ts). */
const syntax: readonly Rule[] = [
  [/^there is nothing in it but white space$/, '只有空白'],
  [
    /^only true, false, null and finite numbers stand without quotes, no NaN, no Infinity$/,
    '不加引号的只能是 true、false、null 和有限的数，没有 NaN、Infinity',
  ],
  [/^something in it is neither .+$/, '里面有既不是数、true、false、null，也不是双引号文本、{}、[] 的东西'],
  [
    /^a NUL byte follows it; send it without the end mark of a C string$/,
    '后面跟着 NUL 字节；发送时不要带 C 字符串的结束符',
  ],
  [/^a field name in double quotes is expected$/, '此处应为双引号括起的字段名'],
  [/^a field name in double quotes is expected, or no comma before$/, '此处应为双引号括起的字段名，或前面多了逗号'],
  [/^a colon is expected after a field name$/, '字段名后应为冒号'],
  [/^a comma or ([}\]]) is expected$/, '此处应为逗号或 $1'],
  [/^a control character in a text must be escaped, a line break is \\n$/, '文本里的控制字符须转义，换行写 \\n'],
  [
    /^a text holds a backslash that escapes nothing; a backslash itself is \\\\$/,
    '文本里有无效的反斜杠转义；反斜杠本身写 \\\\',
  ],
  [/^four hex digits are expected after \\u$/, '\\u 后应为四位十六进制数'],
  [/^a number begins with 0$/, '数以 0 开头'],
  [/^a digit is expected after -$/, '负号后应为数字'],
  [/^a digit is expected in an exponent$/, '指数缺数字'],
  [/^a digit is expected after a decimal point$/, '小数点后应为数字'],
  [/^something follows the end of the object$/, '对象结束后还有内容'],
  [/^a mistake$/, '有语法错误'],
]
const field = /^(\S+?(?:: number \d+ of \d+)?) (.+)$/
const mistakes: readonly Rule[] = [
  [/^is missing$/, '缺少'],
  [/^must be one of (.+)$/, '须为以下之一：$1'],
  [/^must be at most (\S+) characters, has more$/, '最多 $1 个字符，超出了'],
  [/^must be at most (\S+), is more$/, '不得大于 $1，超出了'],
  [/^must be at least (\S+), is less$/, '不得小于 $1，不足'],
  [/^must be (.+), has a fraction$/, '须为$1，却带小数'],
  [/^must be (.+), is beyond the largest number there is$/, '须为$1，却超出数的范围'],
  [/^must be named .+$/, '名称须以 a–z 开头，后接至多 31 个 A–Z、a–z、0–9、_'],
  [/^must be 1–64 of A–Z, a–z, 0–9 and \. _ : -$/, '须为 1–64 个 A–Z、a–z、0–9 或 . _ : -'],
  [/^must be RFC 3339 with an offset, like (.+)$/, '须为带时区的 RFC 3339 时间，如 $1'],
  [/^must be an http or https URL$/, '须为 http 或 https 地址'],
  [/^must be (.+), is (.+)$/, '须为$1，实为$2'],
  [/^must have at most (\d+) characters, has (\d+)$/, '最多 $1 个字符，实有 $2 个'],
  [/^must have (\S+) characters, has (\d+)$/, '须有 $1 个字符，实有 $2 个'],
  [/^must hold (\S+) numbers, has (\d+)$/, '须有 $1 个数，实有 $2 个'],
  [/^must not hold control characters$/, '不得含控制字符'],
]
const things: readonly Rule[] = [
  [/\ba whole number\b/g, '整数'],
  [/\ba text of (\d+) characters?\b/g, ' $1 个字符的文本'],
  [/\ba text\b/g, '文本'],
  [/\ba number\b/g, '数'],
  [/\btrue or false\b/g, '真/假值'],
  [/\b(an object|a record)\b/g, '对象'],
  [/\ba list\b/g, '数组'],
  [/\bnull\b/g, ' null'],
]

export function reasonInChinese(reason: string): string {
  return translated(wholes, reason) ?? syntaxOf(reason) ?? reason.split('; ').map(mistakeOf).join('；')
}

function syntaxOf(reason: string): string | undefined {
  const [, mistake, byte] = /^the payload is not JSON: (.+?)(?:, at byte (\d+))?$/.exec(reason) ?? []
  if (mistake === undefined) return undefined
  return `不是 JSON：${translated(syntax, mistake) ?? mistake}${byte === undefined ? '' : `（第 ${byte} 字节）`}`
}

function mistakeOf(text: string): string {
  const more = translated(wholes, text)
  if (more !== undefined) return more
  const [, name, rest] = field.exec(text) ?? []
  const said = rest === undefined ? undefined : translated(mistakes, rest)
  return said === undefined ? text : `${name?.replace(/: number (\d+) of (\d+)$/, ' 第 $1 项')} ${said}`
}

function translated(rules: readonly Rule[], text: string): string | undefined {
  for (const [pattern, words] of rules)
    if (pattern.test(text))
      return things.reduce((said, [thing, name]) => said.replace(thing, name), text.replace(pattern, words))
  return undefined
}

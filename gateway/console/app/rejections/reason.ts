/**
 * Why a publish was refused, in Chinese: the gateway says it in English, in sentences of its own (gateway/mqtt/reason.ts, strict-json.ts,
 * admit.ts). What isn't known here stays as it is, so that nothing is ever left out. Pure.
 */
type Rule = readonly [pattern: RegExp, text: string]

const wholes: readonly Rule[] = [
  [/^no such topic; a device publishes on (.+)$/, '主题不对；设备只能发布到 $1'],
  [/^the payload is empty; send a JSON object$/, '内容为空；请发送 JSON 对象'],
  [/^the payload is not UTF-8 from byte (\d+) on; .*$/, '从第 $1 字节起不是 UTF-8；不要发 GBK 或二进制'],
  [/^the payload begins with a byte order mark \(EF BB BF\); send it without$/, '内容以 BOM（EF BB BF）开头；请去掉'],
  [/^the payload is nested deeper than (\d+) levels$/, '嵌套超过 $1 层'],
  [
    /^the payload is not JSON: it ends in the middle, after (\d+) bytes; was it cut\?$/,
    '不是 JSON：在第 $1 字节处中断，可能被截断',
  ],
  [/^the payload is not JSON: (.+)$/, '不是 JSON：$1'],
  [/^the payload is not a JSON object but (.+)$/, '不是 JSON 对象，而是$1'],
  [/^a field stands twice in one object; send each once$/, '同一对象里有重复字段；每个只发一次'],
  [/^and (\d+) more$/, '另有 $1 处'],
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
  [/^must be (.+), is (.+)$/, '须为$1，实为$2'],
  [/^must be (.+), has (\d+)$/, '须为 $1，实有 $2 个'],
]
const things: readonly Rule[] = [
  [/\ba whole number\b/g, '整数'],
  [/\ba text of (\d+) characters?\b/g, ' $1 个字符的文本'],
  [/\ba text\b/g, '文本'],
  [/\ba number\b/g, '数'],
  [/\btrue or false\b/g, '真/假值'],
  [/\ban object\b/g, '对象'],
  [/\ba list\b/g, '数组'],
  [/\bnull\b/g, ' null'],
]

export function reasonInChinese(reason: string): string {
  return translated(wholes, reason) ?? reason.split('; ').map(mistakeOf).join('；')
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

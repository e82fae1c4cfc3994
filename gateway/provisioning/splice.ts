import { isCollection, isMap, isNode, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { entryInLine, type Fields, inLine } from './in-line.ts'

/** Changes of a YAML text in place: `put` instead of what stands between two offsets. Pure; what the result means is checked by who applies it. */
export type Splice = { from: number; to: number; put: string }

/** In the order of their places; those for one place in the order given. Throws where two of them would change the same. */
export function applied(text: string, splices: readonly Splice[]): string {
  const parts: string[] = []
  let at = 0
  for (const { from, to, put } of splices.toSorted((one, other) => one.from - other.from)) {
    if (from < at) throw new RangeError('two changes of one place')
    parts.push(text.slice(at, from), put)
    at = to
  }
  return parts.concat(text.slice(at)).join('')
}

/** The value of a field that is there. */
export function replaceValue(text: string, pair: Pair, value: unknown): Splice {
  const { from, to } = valuePlace(text, pair)
  return { from, to, put: ` ${inLine(value)}` }
}

/** Another field in the place of this one. */
export function replaceField(text: string, pair: Pair, name: string, value: unknown): Splice {
  return { from: rangeOf(pair.key)[0], to: valuePlace(text, pair).to, put: `${name}: ${inLine(value)}` }
}

/** A field that is new, behind those that are there. */
export function addField(text: string, map: YAMLMap, name: string, value: unknown, eol: string): Splice {
  const last = map.items.at(-1) as Pair
  const end = valuePlace(text, last).to
  const put = `${name}: ${inLine(value)}`
  if (map.flow) return { from: end, to: end, put: `, ${put}` }
  return insertLines(text, end, [`${' '.repeat(columnOf(text, rangeOf(map.items[0]?.key)[0]))}${put}`], eol)
}

export function removeField(text: string, map: YAMLMap, pair: Pair): Splice {
  const at = map.items.indexOf(pair)
  const from = rangeOf(pair.key)[0]
  const { to } = valuePlace(text, pair)
  const [before, next] = [map.items[at - 1], map.items[at + 1]]
  if (map.flow && before !== undefined) return { from: valuePlace(text, before).to, to, put: '' }
  // The first one stands behind a dash or a brace, which stays.
  if (before === undefined) return { from, to: next === undefined ? to : rangeOf(next.key)[0], put: '' }
  return { from: lineStart(text, from), to: lineEnd(text, to), put: '' }
}

/** Entries behind those of the list, written as the last one of them is. */
export function addEntries(
  text: string,
  root: YAMLMap,
  list: string,
  entries: readonly Fields[],
  eol: string,
): Splice[] {
  const pair = root.items.find(({ key }) => isNode(key) && String(key) === list)
  const under = (indent: string) => entries.map(fields => `${indent}- ${entryInLine(fields)}`)
  if (pair === undefined) return [insertLines(text, text.length, [`${list}:`, ...under('  ')], eol)]
  const seq = pair.value as YAMLSeq<Node> | Node | null
  const last = isCollection(seq) ? (seq.items.at(-1) as Node | undefined) : undefined
  if (last === undefined) {
    // `devices:` or `devices: []`.
    const place = valuePlace(text, pair)
    return [{ ...place, put: '' }, insertLines(text, place.to, under('  '), eol)]
  }
  const end = rangeOf(last)[1]
  if ((seq as YAMLSeq).flow)
    return [{ from: end, to: end, put: entries.map(fields => `, ${entryInLine(fields)}`).join('') }]
  const dash = columnOf(text, rangeOf(seq)[0])
  const indent = ' '.repeat(dash)
  if (!isMap(last) || last.flow) return [insertLines(text, end, under(indent), eol)]
  const behind = ' '.repeat(columnOf(text, rangeOf(last)[0]) - dash - 1)
  const lines = entries.flatMap(fields =>
    Object.entries(fields).map(
      ([name, value], index) => `${indent}${index === 0 ? '-' : ' '}${behind}${name}: ${inLine(value)}`,
    ),
  )
  return [insertLines(text, end, lines, eol)]
}

/** Behind the line in which `end` is the end of something, with its comment. */
function insertLines(text: string, end: number, lines: readonly string[], eol: string): Splice {
  const from = lineEnd(text, end)
  const isOpen = from > 0 && text[from - 1] !== '\n'
  const put = lines.map(line => `${line}${eol}`).join('')
  return { from, to: from, put: isOpen ? eol + put : put }
}

/** From behind the colon to the value's end. A block that ends with a line break ends before it. */
function valuePlace(text: string, { key, value }: Pair): { from: number; to: number } {
  const keyEnd = rangeOf(key)[1]
  const from = text[keyEnd] === ':' ? keyEnd + 1 : keyEnd
  const [start, stop] = isNode(value) ? rangeOf(value) : [from, from]
  if (stop <= start) return { from, to: from }
  let to = stop
  while (text[to - 1] === '\n' || text[to - 1] === '\r') to--
  return { from, to }
}

const rangeOf = (node: unknown): readonly [number, number, number] => (node as Node).range as [number, number, number]
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1
const columnOf = (text: string, at: number): number => at - lineStart(text, at)
function lineEnd(text: string, at: number): number {
  if (text[at - 1] === '\n') return at
  const next = text.indexOf('\n', at)
  return next < 0 ? text.length : next + 1
}

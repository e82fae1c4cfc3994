import type { Way } from './way.ts'

/** What a scenario says in the end. It went well when nothing failed. */
export type Report = { lines: readonly string[]; failures: readonly string[] }

export const reportText = (name: string, { lines, failures }: Report): string =>
  [
    '',
    ...lines,
    '',
    ...(failures.length === 0 ? [`${name}: as expected`] : [`${name}: FAILED`, ...failures.map(line => `  - ${line}`)]),
  ].join('\n')

/** Columns on a terminal: Chinese characters and full-width signs take two. */
export const widthOf = (text: string): number =>
  [...text].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(character)
        ? 2
        : 1),
    0,
  )

/** The first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => widthOf(row[column] ?? ''))))
  return all.map(row =>
    head
      .map((_, column) => {
        const text = row[column] ?? ''
        const space = ' '.repeat(widths[column]! - widthOf(text))
        return column === 0 ? `${text}${space}` : `${space}${text}`
      })
      .join('  '),
  )
}

export const msText = (ms: number | undefined): string =>
  ms === undefined ? '–' : `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`

/** The nearest rank; undefined of nothing. */
export function percentile(values: readonly number[], p: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]
}

/** One row a press, then how it was over all of them. */
export function waysTable(ways: readonly Way[], centres: readonly string[]): string[] {
  const columns = [
    (way: Way) => way.pubackMs,
    ...centres.map(centre => (way: Way) => way.toldMs[centre]),
    (way: Way) => way.shownMs.raised,
    (way: Way) => way.shownMs.delivered,
  ]
  const over = (name: string, of: (values: number[]) => number | undefined): string[] => [
    name,
    ...columns.map(column => msText(of(ways.flatMap(way => column(way) ?? [])))),
  ]
  const rows = ways.map(way => [way.siteName, ...columns.map(column => msText(column(way)))])
  const [head, ...lines] = table(
    ['press →', 'pubacked', ...centres, 'button: calling', 'button: received'],
    [
      ...rows,
      over('p50', values => percentile(values, 0.5)),
      over('p99', values => percentile(values, 0.99)),
      over('slowest', values => (values.length === 0 ? undefined : Math.max(...values))),
    ],
  ) as [string, ...string[]]
  const rule = '─'.repeat(widthOf(head))
  return [head, rule, ...lines.slice(0, -3), rule, ...lines.slice(-3)]
}

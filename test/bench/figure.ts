import { english } from './language.ts'
import { median } from './median.ts'

/** One measure of the benchmark, as it stands in the table, in the picture and in the raw data. */
export type Figure = {
  title: string
  unit: string
  better: 'more' | 'less'
  /** What is ours first, then whom it is compared with. */
  rows: Row[]
  /** The row that the first one's ratio is taken against. */
  against?: string
  /** What issue 5 wants: of the ratio, or of the first row's median. */
  aim?: { ratio: number } | { value: number }
  /** Rows that could not be measured here, each with its reason. */
  missing: string[]
}
export type Row = { name: string; median: number; all: number[] }

export const row = (name: string, all: number[]): Row => ({ name, median: median(all), all })

export function ratioOf({ rows, against }: Figure): number | undefined {
  const other = rows.find(({ name }) => name === against)
  return rows[0] === undefined || other === undefined ? undefined : rows[0].median / other.median
}

/** undefined: it has no aim, or what it is compared with could not be measured. */
export function isMet(figure: Figure): boolean | undefined {
  const { aim, better, rows } = figure
  if (aim === undefined) return undefined
  const [found, wanted] = 'ratio' in aim ? [ratioOf(figure), aim.ratio] : [rows[0]?.median, aim.value]
  if (found === undefined) return undefined
  return better === 'more' ? found >= wanted : found <= wanted
}

/** Three figures are as much as a benchmark on a shared machine knows. */
export const shown = (value: number): string =>
  value >= 1000
    ? Math.round(value).toLocaleString('en')
    : value >= 100
      ? String(Math.round(value))
      : value.toFixed(value >= 10 ? 1 : 2)

/** Two figures: a ratio of two medians knows no more. */
export const ratioText = (ratio: number): string => ratio.toPrecision(ratio >= 10 ? 3 : 2)

export function aimText({ aim, better, unit }: Figure, { text } = english): string {
  if (aim === undefined) return ''
  const sign = better === 'more' ? '≥' : '≤'
  return 'ratio' in aim ? `${sign} ${aim.ratio}` : `${sign} ${aim.value} ${text(unit)}`
}

export function table(figures: readonly Figure[], language = english): string {
  const { text, measure, named } = language
  const lines = figures.map(figure => {
    const { title, unit, better, rows, against, missing } = figure
    const [ours, ...others] = rows
    const ratio = ratioOf(figure)
    const met = isMet(figure)
    const cells = [
      measure(text(title), text(unit), better),
      ours === undefined ? '' : named(text(ours.name), `**${shown(ours.median)}**`),
      [...others.map(({ name, median }) => named(text(name), shown(median))), ...missing.map(text)].join('<br>'),
      ratio === undefined ? '' : `${ratioText(ratio)} × ${text(against as string)}`,
      `${aimText(figure, language)}${met === undefined ? '' : met ? ' ✓' : ' ✗'}`,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = `| | | ${language.beside} | ${language.ratio} | ${language.aim} |`
  return [head, '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}

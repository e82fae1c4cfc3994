import { aimText, type Figure, isMet, type Row, ratioOf, ratioText, shown } from './figure.ts'
import { english, type Language } from './language.ts'

/**
 * The figures as bars, each measure with a scale of its own, in two columns. Plain SVG; it carries its own ground and knows
 * light and dark, since a page that shows it as an image passes no colours on.
 */
const width = 860
const margin = 20
const gap = 36
const column = (width - 2 * margin - gap) / 2
const nameWidth = 156
const valueWidth = 62
const barHeight = 14
const rowHeight = 20
const headHeight = 40
const afterFigure = 22

const style = `
  .ground { fill: #ffffff } .title { fill: #1f2328; font-weight: 600 } .note, .name { fill: #59636e } .value { fill: #1f2328 }
  .ours { fill: #0a6cbd } .other { fill: #b6bec7 } .missed { fill: #b35900 }
  text { font: 12px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .title, .value { fill: #f0f6fc } .note, .name { fill: #9198a1 }
    .ours { fill: #4c9fe6 } .other { fill: #4b535d } .missed { fill: #e09b4d }
  }`

export function picture(figures: readonly Figure[], language = english): string {
  // One bar by itself compares nothing: those stand in the table only.
  const drawn = figures.filter(({ rows }) => rows.length > 1)
  const columns = inTwo(drawn)
  const height = margin * 2 + Math.max(...columns.map(heightOf))
  const body = columns.flatMap((figures, index) => {
    let y = margin
    return figures.map(figure => {
      const at = `<g transform="translate(${margin + index * (column + gap)} ${y})">${drawing(figure, language)}</g>`
      y += heightOf([figure])
      return at
    })
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${language.picture}">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
${body.join('\n')}
</svg>
`
}

const heightOf = (figures: readonly Figure[]): number =>
  figures.reduce((sum, { rows }) => sum + headHeight + rows.length * rowHeight + afterFigure, 0)

/** In order, cut where both columns come out about as long. */
function inTwo(figures: readonly Figure[]): [Figure[], Figure[]] {
  const cuts = figures.map((_, index) => index + 1)
  const length = (cut: number) => Math.max(heightOf(figures.slice(0, cut)), heightOf(figures.slice(cut)))
  const cut = cuts.sort((one, other) => length(one) - length(other))[0] ?? 0
  return [figures.slice(0, cut), figures.slice(cut)]
}

function drawing(figure: Figure, language: Language): string {
  const { title, unit, better, rows } = figure
  const most = Math.max(...rows.map(({ median }) => median))
  const ratio = ratioOf(figure)
  const said = [
    language.scale(language.text(unit), better),
    ...(ratio === undefined ? [] : [`${language.ratio} ${ratioText(ratio)}`]),
    ...(figure.aim === undefined ? [] : [`${language.aim} ${aimText(figure, language)}`]),
  ].join(' · ')
  return [
    `<text class="title" y="12">${escaped(language.text(title))}</text>`,
    `<text class="${isMet(figure) === false ? 'missed' : 'note'}" y="28">${escaped(said)}</text>`,
    ...rows.map(({ name, ...row }, index) => bar({ name: language.text(name), ...row }, index, most)),
  ].join('')
}

function bar({ name, median }: Row, index: number, most: number): string {
  const y = headHeight + index * rowHeight
  const length = Math.max(1, ((column - nameWidth - valueWidth) * median) / most)
  const baseline = y + barHeight - 3
  return [
    `<text class="name" x="${nameWidth - 8}" y="${baseline}" text-anchor="end">${escaped(name)}</text>`,
    `<rect class="${index === 0 ? 'ours' : 'other'}" x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
    `<text class="value" x="${(nameWidth + length + 6).toFixed(1)}" y="${baseline}">${shown(median)}</text>`,
  ].join('')
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

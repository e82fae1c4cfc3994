import { expect, test } from 'vitest'
import { type Figure, isMet, ratioOf, row, table } from '../bench/figure.ts'
import { picture } from '../bench/picture.ts'
import { withFigures } from '../bench/readme.ts'
import type { Book } from '../bench/run.ts'

/** What the benchmark says of its figures: medians, ratios, aims met or missed, and what could not be measured. */
const figure = (ours: number[], theirs: number[], more: Partial<Figure> = {}): Figure => ({
  title: 'taken',
  unit: 'events/s',
  better: 'more',
  rows: [row('gateway', ours), row('peer <1>', theirs)],
  against: 'peer <1>',
  missing: [],
  ...more,
})

test('a ratio is one of medians, and an aim is of the ratio or of the first row', () => {
  const taken = figure([90, 10, 80], [100, 100, 1], { aim: { ratio: 0.8 } })
  expect(ratioOf(taken)).toBe(0.8)
  expect(isMet(taken)).toBe(true)
  expect(isMet(figure([79], [100], { aim: { ratio: 0.8 } }))).toBe(false)
  expect(isMet(figure([9], [100], { better: 'less', aim: { value: 8 } }))).toBe(false)
  expect(isMet(figure([8], [100], { better: 'less', aim: { value: 8 } }))).toBe(true)
})

test('without its peer a figure has no ratio, its aim is open, and the table says what is missing', () => {
  const alone = {
    ...figure([90], [], { aim: { ratio: 4 } }),
    rows: [row('gateway', [90])],
    missing: ['peer: not here'],
  }
  expect(isMet(alone)).toBeUndefined()
  const line = table([alone]).split('\n').at(-1)
  expect(line).toContain('peer: not here')
  expect(line).not.toMatch(/✓|✗/)
})

test('the longest bar is the largest median, names are escaped, and a bar by itself is not drawn', () => {
  const svg = picture([figure([50], [100]), { ...figure([1], []), title: 'alone', rows: [row('gateway', [1])] }])
  const bars = [...svg.matchAll(/<rect class="(ours|other)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    Number(width),
  ])
  expect(bars).toEqual([
    ['ours', (bars[1]?.[1] as number) / 2],
    ['other', expect.any(Number)],
  ])
  expect(svg).toContain('peer &lt;1>')
  expect(svg).not.toContain('alone')
})

const run = { at: '2026-11-24T12:00:00Z', machine: '2 × CPU', versions: { node: '24.1.0' }, command: 'npm run bench' }

test('the README keeps everything but its figures, and says where parts were measured apart', () => {
  const readme = 'before\n<!-- figures: written by `npm run bench -- --write` -->\nold\n<!-- /figures -->\nafter\n'
  const book: Book = {
    one: { ...run, figures: [figure([1], [2])] },
    two: { ...run, command: 'npm run bench -- --only two', figures: [] },
  }
  const written = withFigures(readme, book)
  expect(written).toMatch(/^before\n/)
  expect(written).toMatch(/<!-- \/figures -->\nafter\n$/)
  expect(written).not.toContain('old')
  expect(written).toContain('one: `npm run bench`, 2026-11-24; 2 × CPU; node 24.1.0')
  expect(written).toContain('two: `npm run bench -- --only two`')
  expect(withFigures(written, book)).toBe(written)
  expect(() => withFigures('nothing', book)).toThrow(/no place for figures/)
})

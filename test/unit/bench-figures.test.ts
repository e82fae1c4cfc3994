import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { chinese } from '../bench/chinese.ts'
import { connectionFigures } from '../bench/connections.ts'
import { type Figure, isMet, ratioOf, row, table } from '../bench/figure.ts'
import { parts } from '../bench/parts.ts'
import { reasons } from '../bench/peers.ts'
import { picture } from '../bench/picture.ts'
import { pages, withFigures } from '../bench/readme.ts'
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

const taken = (ours: number[], theirs: number[]): Figure => ({
  ...figure(ours, theirs),
  title: 'start until ready',
  rows: [row('gateway', ours), row('bare aedes', theirs)],
  against: 'bare aedes',
})
const run = { at: '2026-11-24T12:00:00Z', machine: '2 × CPU', versions: { node: '24.1.0' }, command: 'npm run bench' }

test.each(pages)('$readme keeps everything but its figures, and says where parts were measured apart', page => {
  const readme = 'before\n<!-- figures: written by `npm run bench -- --write` -->\nold\n<!-- /figures -->\nafter\n'
  const book: Book = {
    one: { ...run, figures: [taken([1], [2])] },
    two: { ...run, command: 'npm run bench -- --only two', figures: [] },
  }
  const written = withFigures(readme, book, page)
  expect(written).toMatch(/^before\n/)
  expect(written).toMatch(/<!-- \/figures -->\nafter\n$/)
  expect(written).not.toContain('old')
  expect(written).toContain('one: `npm run bench`, 2026-11-24; 2 × CPU; node 24.1.0')
  expect(written).toContain('two: `npm run bench -- --only two`')
  expect(written).toContain(page.language.text('bare aedes'))
  expect(withFigures(written, book, page)).toBe(written)
  expect(() => withFigures('nothing', book, page)).toThrow(/no place for figures/)
})

const root = new URL('../../', import.meta.url)

test.each(pages)('$readme has a place for them', ({ readme, language }) => {
  const text = readFileSync(new URL(readme, root), 'utf8')
  expect(() => withFigures(text, {}, { ...pages[0]!, readme, language })).not.toThrow()
})

const peers = { mosquitto: { version: '2' }, nodeRed: { version: '4' } }
const missing = (reason: string) => ({ mosquitto: { missing: reason }, nodeRed: { missing: reason } })
/** No round is run: what each part says, without a number found. Those connected are measured once, whatever the rounds. */
const unmeasured = ({ missing: reason }: { missing?: string } = {}): Promise<Figure[][]> =>
  Promise.all(
    Object.entries(parts).map(([name, { measure }]) =>
      name === 'connections'
        ? connectionFigures({
            devices: 10_000,
            connectMs: 1,
            cpuMsEach: 1,
            rssKib: [1, 1, 1],
            kibEach: 1,
            storm: { devices: 5000, readyMs: 1, allBackMs: 1, cpuMs: 1, pressedToToldMs: 1 },
          })
        : measure({
            peers: reason === undefined ? peers : missing(reason),
            rounds: 0,
            seconds: 6,
            presses: 200,
            entries: 1_000_000,
            devices: 10_000,
            fullJournal: () => ({ entries: 1_000_000, dataDir: '', registry: '' }),
          }),
    ),
  )
const numbersIn = (text: string) => text.match(/\d[\d,.]*\d|\d/g)

test('whatever a part measures, and whoever is missing, has its Chinese, with the same numbers in the same order', async () => {
  const failed = `${reasons.notInstalled} (Command failed: npm ci (404))`
  const missing = [...Object.values(reasons).filter(reason => reason !== reasons.notInstalled), failed]
  const all = [await unmeasured(), ...(await Promise.all(missing.map(reason => unmeasured({ missing: reason }))))]
  const figures = all.flat(2)
  expect(figures.length).toBeGreaterThan(10)
  for (const reason of missing) expect(table(figures)).toContain(reason)
  expect(numbersIn(table(figures, chinese))).toEqual(numbersIn(table(figures)))
  expect(() => picture(figures, chinese)).not.toThrow()
  expect(chinese.text(failed)).toMatch(/Command failed: npm ci \(404\)）$/)
})

test('what has no Chinese stops the figures from being written, by its name', () => {
  expect(() => table([figure([1], [2])], chinese)).toThrow(/no Chinese for "taken".*chinese\.ts/)
})

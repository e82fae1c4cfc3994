import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { table } from './figure.ts'
import { picture } from './picture.ts'
import { type Book, type Measured, provenance } from './run.ts'

/** The figures that are shown: raw data and a picture beside this file, a table in the README, all from one book. */
const folder = new URL('./figures/', import.meta.url)
const bookFile = new URL('figures.json', folder)
const readmeFile = new URL('../../README.md', import.meta.url)
const [begin, end] = ['<!-- figures: written by `npm run bench -- --write` -->', '<!-- /figures -->']

/** Puts what was measured in the place of the same part's earlier figures. `order`: of the parts, in table and picture. */
export function show(measured: Record<string, Measured>, order: readonly string[]): void {
  const before = existsSync(bookFile) ? (JSON.parse(readFileSync(bookFile, 'utf8')) as Book) : {}
  const all = { ...before, ...measured }
  const book: Book = Object.fromEntries(order.flatMap(part => (all[part] === undefined ? [] : [[part, all[part]]])))
  mkdirSync(folder, { recursive: true })
  writeFileSync(bookFile, `${JSON.stringify(book, null, 2)}\n`)
  writeFileSync(new URL('figures.svg', folder), picture(figuresOf(book)))
  writeFileSync(readmeFile, withFigures(readFileSync(readmeFile, 'utf8'), book))
}

/** The README with its figures exchanged. Throws where it has no place for them. */
export function withFigures(readme: string, book: Book): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from)
    throw new Error(`README.md has no place for figures: it needs the lines ${begin} and ${end}`)
  return `${readme.slice(0, from)}${begin}\n${section(book)}\n${readme.slice(to)}`
}

const figuresOf = (book: Book) => Object.values(book).flatMap(({ figures }) => figures)

const section = (book: Book): string => `
${provenance(book).join('  \n')}

Medians of alternating rounds. Load generator, peers and InfluxDB share the machine's cores, so ratios say more than absolute numbers. The gateway has every event on disk (fsync) before it
pubacks; no peer has anything on disk. The Node-RED flow ([test/bench/node-red](test/bench/node-red/flow.ts)) validates, batches and posts, without signatures, pseudonyms, repeats or retries; its broker is mosquitto.

![The same as bars](test/bench/figures/figures.svg)

${table(figuresOf(book))}
`

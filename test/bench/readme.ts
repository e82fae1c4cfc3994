import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chinese } from './chinese.ts'
import { table } from './figure.ts'
import { english, type Language } from './language.ts'
import { picture } from './picture.ts'
import { type Book, type Measured, provenance } from './run.ts'

/** The figures that are shown: raw data and pictures beside this file, a table in the README of each language, all from one book. */
const root = new URL('../../', import.meta.url)
const folder = new URL('./figures/', import.meta.url)
const bookFile = new URL('figures.json', folder)
const [begin, end] = ['<!-- figures: written by `npm run bench -- --write` -->', '<!-- /figures -->']

/** Paths from the root, and what stands around the table. */
export type Page = { readme: string; picture: string; language: Language; remark: string; bars: string }
export const pages: readonly Page[] = [
  {
    readme: 'README.md',
    picture: 'test/bench/figures/figures.svg',
    language: english,
    remark: `Medians of alternating rounds. Load generator, peers and InfluxDB share the machine's cores, so ratios say more than absolute numbers. The gateway has every event on disk (fsync) before it
pubacks; no peer has anything on disk. The Node-RED flow ([test/bench/node-red](test/bench/node-red/flow.ts)) validates, batches and posts, without signatures, pseudonyms, repeats or retries; its broker is mosquitto.`,
    bars: 'The same as bars',
  },
  {
    readme: 'README.zh-CN.md',
    picture: 'test/bench/figures/figures.zh-CN.svg',
    language: chinese,
    remark: `各轮交替，取中位数。负载发生器、对照软件和 InfluxDB 共用本机的核，因此比值比绝对值更能说明问题。网关在 puback 之前已把每个事件写入磁盘（fsync）；
对照软件都不写磁盘。Node-RED 的流程（[test/bench/node-red](test/bench/node-red/flow.ts)）校验、成批并提交，没有签名、假名、去重和重试；其 broker 是 mosquitto。`,
    bars: '同样的数据，以条形图表示',
  },
]

/** Puts what was measured in the place of the same part's earlier figures. `order`: of the parts, in table and picture. */
export function show(measured: Record<string, Measured>, order: readonly string[]): void {
  const before = existsSync(bookFile) ? (JSON.parse(readFileSync(bookFile, 'utf8')) as Book) : {}
  const all = { ...before, ...measured }
  const book: Book = Object.fromEntries(order.flatMap(part => (all[part] === undefined ? [] : [[part, all[part]]])))
  mkdirSync(folder, { recursive: true })
  writeFileSync(bookFile, `${JSON.stringify(book, null, 2)}\n`)
  for (const page of pages) {
    const readme = new URL(page.readme, root)
    writeFileSync(new URL(page.picture, root), picture(figuresOf(book), page.language))
    writeFileSync(readme, withFigures(readFileSync(readme, 'utf8'), book, page))
  }
}

/** The README with its figures exchanged. Throws where it has no place for them. */
export function withFigures(readme: string, book: Book, page: Page): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from)
    throw new Error(`${page.readme} has no place for figures: it needs the lines ${begin} and ${end}`)
  return `${readme.slice(0, from)}${begin}\n${section(book, page)}\n${readme.slice(to)}`
}

const figuresOf = (book: Book) => Object.values(book).flatMap(({ figures }) => figures)

const section = (book: Book, { language, picture, remark, bars }: Page): string => `
${provenance(book).join('  \n')}

${remark}

![${bars}](${picture})

${table(figuresOf(book), language)}
`

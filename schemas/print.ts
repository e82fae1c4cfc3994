import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inChinese } from './chinese.ts'
import { documents } from './documents.ts'
import { formatJson, jsonSchemaOf } from './json-schema.ts'
import { inEnglish, payloadSection, replaceSection, type Say } from './markdown.ts'

const help = `npm run schemas [-- --check]

Prints the schemas of contract v1 as JSON Schema (draft 2020-12) to schemas/json/ and the payload tables of
schemas/README.md and its Chinese twin.

  --check  write nothing; exit 1 and name the files that are out of date
  --help   this text`

const folder = import.meta.dirname

/** Every file that is made from the schemas, by its path below schemas/. */
export function printedFiles(): Map<string, string> {
  const files = new Map(
    documents.map(document => [`json/${document.name}.schema.json`, formatJson(jsonSchemaOf(document))]),
  )
  for (const [page, say] of pages) files.set(page, replaceSection(read(page) ?? '', 'payloads', `\n${payloads(say)}\n`))
  return files
}

const pages: [string, Say][] = [
  ['README.md', inEnglish],
  ['README.zh-CN.md', inChinese],
]

const payloads = (say: Say): string =>
  documents
    .filter(document => document.topic !== undefined)
    .map(document => payloadSection(document, read(`examples/${document.name}.json`) ?? '', say))
    .join('\n\n')

/** Files whose text on disk is another one than the schemas give, and files in json/ that nothing prints any more. */
export function staleFiles(files: Map<string, string>): string[] {
  const surplus = readdirSync(join(folder, 'json'))
    .map(file => `json/${file}`)
    .filter(path => !files.has(path))
  return [...[...files].filter(([path, text]) => read(path) !== text).map(([path]) => path), ...surplus]
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(folder, path), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) {
    console.log(help)
    return
  }
  mkdirSync(join(folder, 'json'), { recursive: true })
  const files = printedFiles()
  const stale = staleFiles(files)
  if (values.check) {
    for (const path of stale) console.error(`schemas/${path} is out of date: run npm run schemas`)
    process.exitCode = stale.length === 0 ? 0 : 1
    return
  }
  for (const path of stale) {
    const text = files.get(path)
    if (text === undefined) rmSync(join(folder, path))
    else writeFileSync(join(folder, path), text)
    console.log(`${text === undefined ? 'removed' : 'wrote'} schemas/${path}`)
  }
  console.log(`${files.size} files are up to date`)
}

if (import.meta.main) main()

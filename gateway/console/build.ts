import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { distDirectory } from './dist-directory.ts'

/**
 * Bundles the console's pages into `dist/`: one script, one style sheet, hashed names, compressed beside. `npm ci`, `npm start`
 * and `npm run demo` run it; it does nothing when what it would make is there already.
 */
const here = import.meta.dirname
const root = join(here, '../..')
/** Of `dist/`: what the bundle was made of, written last, so that half a build counts as none. */
const stampFile = 'built-from'

const sourcesOf = (): string[] =>
  ['build.ts', ...globSync('app/**/*.{ts,tsx,css,html,svg}', { cwd: here })].sort().map(file => join(here, file))
const packages = ['preact', '@preact/signals', 'uplot', 'rolldown']

function stampOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file.slice(here.length)}\0`).update(readFileSync(file))
  for (const name of packages) hash.update(`${name} ${installed(name)}\0`)
  return hash.digest('hex')
}

/** The version that is there: package.json's ranges stay while an update changes it. */
function installed(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

/** `built`: false when it was up to date. Throws when a source has a mistake. */
export async function buildConsole(directory = distDirectory): Promise<{ built: boolean }> {
  const files = sourcesOf()
  const stamp = stampOf(files)
  if ((await readFile(join(directory, stampFile), 'utf8').catch(() => '')) === stamp) return { built: false }
  const script = await bundle()
  const assets = {
    script: named('console', 'js', script),
    style: named('console', 'css', styles(files)),
    icon: named('icon', 'svg', readFileSync(join(here, 'app/icon.svg'), 'utf8')),
  }
  const page = Object.entries(assets).reduce(
    (text, [name, asset]) => text.replace(`{{${name}}}`, `/assets/${asset.name}`),
    readFileSync(join(here, 'app/index.html'), 'utf8'),
  )
  await mkdir(join(directory, 'assets'), { recursive: true })
  for (const { name, text } of Object.values(assets)) await writeCompressed(join(directory, 'assets', name), text)
  await writeCompressed(join(directory, 'index.html'), page)
  await writeWhole(join(directory, stampFile), Buffer.from(stamp))
  const wanted = Object.values(assets).flatMap(({ name }) => [name, `${name}.br`, `${name}.gz`])
  for (const name of await readdir(join(directory, 'assets')))
    if (!wanted.includes(name)) await rm(join(directory, 'assets', name), { force: true })
  return { built: true }
}

async function bundle(): Promise<string> {
  // Loaded only when there is something to do: it costs more than looking whether there is.
  const { build } = await import('rolldown')
  const { output } = await build({
    input: join(here, 'app/main.tsx'),
    platform: 'browser',
    // Said here: app/tsconfig.json needs the one at the root, which the image doesn't hold.
    tsconfig: false,
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    logLevel: 'warn',
    write: false,
    output: { format: 'iife', minify: true, comments: false },
  })
  return output[0].code
}

/** In the order of their names, uPlot's own first, so that ours win. */
function styles(files: readonly string[]): string {
  const ours = files.filter(file => file.endsWith('.css')).map(file => readFileSync(file, 'utf8'))
  return [readFileSync(join(root, 'node_modules/uplot/dist/uPlot.min.css'), 'utf8'), ...ours]
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s*\n\s*/g, '\n')
}

const named = (name: string, kind: string, text: string) => ({
  name: `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, 10)}.${kind}`,
  text,
})

async function writeCompressed(path: string, text: string): Promise<void> {
  const size = Buffer.byteLength(text)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size }
  await writeWhole(path, Buffer.from(text))
  await writeWhole(`${path}.br`, await promisify(brotliCompress)(text, { params }))
  await writeWhole(`${path}.gz`, await promisify(gzip)(text, { level: 9 }))
}

/** Two builds may run at once, and a gateway may read meanwhile: a file is there whole or not at all. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const own = `${path}.${process.pid}.tmp`
  await writeFile(own, content)
  await rename(own, path)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  try {
    const { built } = await buildConsole()
    if (built) console.log('console: built')
  } catch (error) {
    // package.json's scripts go on all the same: a gateway without its console still takes alarms.
    console.error(`console: ${(error as Error).message}`)
    process.exitCode = 1
  }

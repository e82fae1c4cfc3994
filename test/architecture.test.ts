import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/** The rules of gateway/DESIGN.md's layout, as tests: who may import whom, and what may stand only in one place. */
const root = join(import.meta.dirname, '..')
const sources = globSync(['gateway/**/*.{ts,tsx}', 'device-sim/**/*.ts', 'schemas/**/*.ts'], { cwd: root })
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
/** Comments and strings may speak of what the code may not do. */
const codeOf = (file: string) => textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')

/** Relative imports, type-only ones too: a type is a dependency like any other. */
function importsOf(file: string, options: { types: boolean }): string[] {
  const pattern =
    /^(import|export) (type )?[^'";]*?from '(\.[^']+)'|^import '(\.[^']+)'|import\('(\.[^']+)'\)|new Worker\(new URL\('(\.[^']+\.ts)'/gm
  return [...codeOf(file).matchAll(pattern)]
    .filter(([, , type]) => options.types || type === undefined)
    .map(([, , , ...paths]) =>
      relative(root, join(root, dirname(file), paths.find(path => path !== undefined) as string)),
    )
}

/** Import order of DESIGN.md: a folder may import its own files and what stands at a lower step. */
const steps: Record<string, number> = {
  'gateway/commands': 10,
  'gateway/main.ts': 9,
  'gateway/gateway.ts': 8,
  'gateway/wiring': 7,
  'gateway/setup.ts': 6,
  'gateway/in-force.ts': 6,
  'gateway/tokens': 6,
  'gateway/backup': 6,
  'gateway/pseudonym-keys.ts': 6,
  'gateway/certificates': 5,
  'gateway/tokens/admin-token.ts': 5,
  'gateway/provisioning': 5,
  'gateway/mqtt': 5,
  'gateway/influx': 5,
  'gateway/webhook': 5,
  'gateway/console': 5,
  'gateway/api': 5,
  'gateway/sqlite': 5,
  'gateway/alarms': 4,
  'gateway/devices': 3,
  'gateway/disk': 3,
  'gateway/journal': 2,
  'gateway/audit': 1,
  'gateway/event-loop.ts': 1,
  'gateway/config.ts': 1,
  'gateway/metrics.ts': 1,
  'gateway/log.ts': 1,
  'gateway/clock.ts': 1,
  'gateway/errors.ts': 1,
  'gateway/nearest.ts': 1,
}
const placeOf = (file: string): string => {
  const [top, second] = file.split('/') as [string, string]
  return top === 'gateway' ? `${top}/${second}` : top
}
const mayImport = (from: string, to: string): boolean => {
  const [here, there] = [placeOf(from), placeOf(to)]
  if (here === there || there === 'schemas') return true
  if (here === 'schemas' || here === 'device-sim') return false
  // Errors, clock, log, metrics and config are one step: they may use each other where there is no circle.
  if (steps[here] === 1 && steps[there] === 1) return true
  return (steps[here] ?? -1) > (steps[there] ?? Number.POSITIVE_INFINITY)
}

test('each file of the gateway has a place in the import order', () => {
  const unplaced = sources.map(placeOf).filter(place => place.startsWith('gateway/') && steps[place] === undefined)
  expect([...new Set(unplaced)]).toEqual([])
})

test('imports follow the order: schemas, then domain, then technologies, then wiring', () => {
  const forbidden = sources.flatMap(file =>
    importsOf(file, { types: true })
      .filter(to => /\.tsx?$/.test(to) && !mayImport(file, to))
      .map(to => `${file} imports ${to}`),
  )
  expect(forbidden).toEqual([])
})

test('the simulator knows the contract only: it imports nothing of the gateway', () => {
  const reaching = sources.filter(
    file => file.startsWith('device-sim/') && importsOf(file, { types: true }).some(to => to.startsWith('gateway/')),
  )
  expect(reaching).toEqual([])
})

test('what runs in the browser brings nothing along but itself: types of the schemas, and no zod', () => {
  const app = 'gateway/console/app/'
  const reaching = sources
    .filter(file => file.startsWith(app))
    .flatMap(file => [
      ...importsOf(file, { types: false }).filter(to => !to.startsWith(app)),
      ...importsOf(file, { types: true }).filter(to => !to.startsWith(app) && !to.startsWith('schemas/')),
    ])
  expect(reaching).toEqual([])
})

test('no module is part of a circle', () => {
  const graph = new Map(sources.map(file => [file, importsOf(file, { types: false })]))
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    else if (!done.has(file)) {
      for (const to of graph.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
  }
  for (const file of sources) visit(file, [])
  expect(circles).toEqual([])
})

const onlyIn = (what: RegExp, allowed: (file: string) => boolean) =>
  sources.filter(file => !allowed(file) && what.test(codeOf(file)))

test('process.env is read in the config files only', () => {
  expect(onlyIn(/process\.env/, file => /^(gateway|device-sim)\/config\.ts$/.test(file))).toEqual([])
})

test('the system clock is asked in the clock files only', () => {
  expect(
    onlyIn(/Date\.now|new Date\(\)/, file => /^(gateway|gateway\/console\/app|device-sim)\/clock\.ts$/.test(file)),
  ).toEqual([])
})

test('SQL stands in gateway/sqlite only', () => {
  const sql = /['"`]\s*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA|BEGIN|COMMIT)\b/
  expect(onlyIn(sql, file => file.startsWith('gateway/sqlite/'))).toEqual([])
  expect(onlyIn(/node:sqlite/, file => file.startsWith('gateway/sqlite/'))).toEqual([])
})

test('no folder or file is named for what it is not about', () => {
  const vague = /(^|\/)(utils?|core|common|services?|types|helpers?|misc|shared|lib)(\/|\.ts$)/
  expect(sources.filter(file => vague.test(file))).toEqual([])
})

test('no file needs more scrolling than 300 lines', () => {
  expect(sources.filter(file => textOf(file).split('\n').length > 300)).toEqual([])
})

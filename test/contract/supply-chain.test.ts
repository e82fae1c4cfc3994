import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What comes from others: each with its reason, none that runs anything when it is installed, all of it on one list. */
const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
type Manifest = Record<'dependencies' | 'devDependencies', Record<string, string>> & {
  allowScripts: Record<string, boolean>
}
const manifest = JSON.parse(read('package.json')) as Manifest
const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { hasInstallScript?: true; resolved?: string; integrity?: string; version?: string }>
}
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

test('each direct dependency stands in gateway/README.md with its reason', () => {
  const map = read('gateway/README.md')
  const reasons = map.slice(map.indexOf('## Why each dependency'))
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]
  expect(names.filter(name => !reasons.includes(`\`${name}\``))).toEqual([])
})

test('one package may run a script when it is installed, and it is the listed one', () => {
  const withScript = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => nameOf(place))
  expect(withScript).toEqual(Object.keys(manifest.allowScripts))
})

test('each package of the lock file is pinned by a digest', () => {
  const unpinned = Object.entries(packages)
    .filter(([place, { integrity }]) => place !== '' && integrity === undefined)
    .map(([place]) => nameOf(place))
  expect(unpinned).toEqual([])
})

/** Without `--omit dev`: with it npm 11 leaves out what runs in production and is somebody's optional peer too (yaml). */
test('npm sbom lists every package of the lock file that is installed', () => {
  const sbom = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: root, encoding: 'utf8' }),
  ) as { bomFormat: string; components: { name: string; version: string; purl: string }[] }
  expect(sbom.bomFormat).toBe('CycloneDX')
  // A package may be there in two versions, where another wants its own.
  const listed = new Set(sbom.components.map(({ name, version }) => `${name} ${version}`))
  for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)])
    expect([...listed]).toContain(`${name} ${packages[`node_modules/${name}`]?.version}`)
  expect(sbom.components.length).toBeGreaterThan(100)
})

/** The benchmark's peer comes when the benchmark is first run, never with `npm ci`; and then as strictly. */
test('what the benchmark installs beside us is pinned too, and runs nothing when it is installed', () => {
  const { packages: beside } = JSON.parse(read('test/bench/node-red/package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: true; integrity?: string; inBundle?: true }>
  }
  const others = Object.entries(beside).filter(([place]) => place !== '')
  expect(others.length).toBeGreaterThan(100)
  expect(others.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => place)).toEqual([])
  // What is inside another package is pinned by that one's digest.
  const unpinned = others.filter(([, { integrity, inBundle }]) => integrity === undefined && inBundle === undefined)
  expect(unpinned.map(([place]) => place)).toEqual([])
  expect(Object.keys(packages).filter(place => nameOf(place) === 'node-red')).toEqual([])
})

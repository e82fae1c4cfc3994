import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { rules } from '../helpers/grafana-files.ts'
import { writeRegistry } from '../helpers/registry.ts'

/** The operators' page knows every fault, metric, command and exit code that there is, and no other. */
const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'gateway/OPERATING.md'), 'utf8')
const tableUnder = (heading: string) =>
  [
    ...page
      .slice(page.indexOf(`\n## ${heading}\n`) + 1)
      .split('\n## ')[0]!
      .matchAll(/^\| `([^`]+)` \|/gm),
  ].map(match => match[1]!)

test('every fault code stands in the runbook, and no other', () => {
  const sources = globSync('gateway/{alarms,devices,disk}/**/*.ts', { cwd: root }).concat('gateway/sqlite/commands.ts')
  const codes = sources.flatMap(file =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\bcode: '([a-z]+-[a-z-]+)'/g)].map(match => match[1]!),
  )
  expect(codes.length).toBeGreaterThan(20)
  expect([...new Set(codes)].sort()).toEqual(tableUnder('Runbook').sort())
})

test('every alert rule is in it', () => {
  const runbook = page.slice(page.indexOf('\n## Runbook\n')).toLowerCase()
  for (const { title } of rules) expect(runbook).toContain(title.split(' · ')[1]!.toLowerCase())
})

test('the table of metrics is what /metrics says', async () => {
  const dir = temporaryDirectory()
  const gateway = await startGateway({ dataDir: join(dir, 'data'), registry: writeRegistry(dir) })
  onTestFinished(() => gateway.kill())
  const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text()
  const help = [...text.matchAll(/^# HELP (gatehouse_\S+) (.*)\n# TYPE \S+ (\S+)/gm)]
  expect(tableUnder('Metrics').sort()).toEqual(help.map(match => match[1]!).sort())
  for (const [, name, words, kind] of help)
    expect(page).toMatch(
      new RegExp(
        `^\\| \`${name}\` \\| ${kind} \\| .*\\| ${words!.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')} \\|$`,
        'm',
      ),
    )
})

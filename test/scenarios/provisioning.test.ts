import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectDevice, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { runRegistry } from '../helpers/registry-command.ts'

test('a thousand devices are imported, and one of them logs in with its secret', async () => {
  const dir = temporaryDirectory()
  const [registry, csv, secrets] = ['registry.yaml', 'devices.csv', 'secrets.csv'].map(name => join(dir, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(registry, '# ours\nversion: 1\nsites:\n  - { id: school-01, name: 第一小学, kind: school }\n')
  const env = { GATEHOUSE_REGISTRY: registry }
  const rows = Array.from({ length: 1000 }, (_, index) => `gate-${index},school-01,access-controller,门 ${index}\r\n`)
  writeFileSync(csv, `\ufeffid,site,kind,name\r\n${rows.join('')}`)
  expect(await runRegistry(['import', csv, '--secrets', secrets], env)).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(registry, 'utf8')).toMatch(/^# ours\n/)

  const gateway = await startGateway({ dataDir: `${dir}/data`, registry })
  onTestFinished(() => gateway.kill())
  const password = /^gate-777,(.+)$/m.exec(readFileSync(secrets, 'utf8'))?.[1] ?? ''
  const device = await connectDevice(gateway.mqttUrl, { site: 'school-01', device: 'gate-777' }, { password })
  onTestFinished(() => device.end())
  await device.publish('access', passage('first'))
  expect(await gateway.get('stats')).toMatchObject({ received: 1, accepted: 1 })
}, 60_000)

test('exit codes: 2 for wrong use, 78 for mistakes, 1 where nothing can be written', async () => {
  const registry = join(temporaryDirectory(), 'registry.yaml')
  const good = join(temporaryDirectory(), 'good.yaml')
  writeFileSync(good, 'version: 1\n')
  writeFileSync(registry, 'version: 1\nsites: [{ id: s, name: s, kind: zoo }]\n')
  const [unknown, mistaken, unwritten] = await Promise.all([
    runRegistry(['explode']),
    runRegistry(['check', registry]),
    runRegistry(['add-account', 'x', '--file', good, '--secrets', good]),
  ])
  expect([unknown, mistaken, unwritten].map(({ code }) => code)).toEqual([2, 78, 1])
  expect(mistaken.stderr).toBe(
    `${registry}:2: sites: s: kind: must be one of school, kindergarten, compound, checkpoint\n`,
  )
  expect([unwritten.stderr, readFileSync(good, 'utf8')]).toEqual([
    expect.stringMatching(/^Nothing was changed: EEXIST/),
    'version: 1\n',
  ])
  expect(unknown.stderr).toMatch(/^unknown: explode\n/)
})

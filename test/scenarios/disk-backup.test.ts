import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { backupCommand } from '../helpers/backup.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { pointsByEvent } from '../helpers/influx-ids.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { type NextEvent, startStoringDevice } from '../helpers/storing-device.ts'
import { until } from '../helpers/until.ts'

/** A backup taken under load, and a gateway that starts elsewhere on what was restored of it. */
const next: NextEvent = n => ({ kind: 'access', id: `e-${n}`, payload: passage(`e-${n}`) })

test('backup under load, kill, restore elsewhere: what was pubacked before it began is there, alarms are open, no point is doubled', async () => {
  const dir = temporaryDirectory()
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const database = influxd.newDatabase()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const registry = writeRegistry(dir)
  const env = { ...dispatchTo(endpoint), GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database }
  const dataDir = join(dir, 'data')
  const first = await startGateway({ dataDir, registry, env })
  onTestFinished(() => first.kill())
  const presser = await connectDevice(first.mqttUrl, button(4))
  onTestFinished(() => presser.end())
  await presser.publish('alarm', panic('press-1'))
  const devices = [button(1), button(2), gate].map(address =>
    startStoringDevice(first.mqttUrl, address, { next, inFlight: 10 }),
  )
  onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
  const pubacked = () => devices.flatMap(({ address, pubacked }) => pubacked.map(id => `${address.device} ${id}`))
  await until(() => pubacked().length > 300, 'pubacks before the backup')
  await until(async () => (await influxd.countPoints(database)) > 0, 'points before the backup')

  const before = pubacked()
  const settings = {
    GATEHOUSE_DATA_DIR: dataDir,
    GATEHOUSE_REGISTRY: registry,
    GATEHOUSE_PSEUDONYM_KEY: 'key-of-the-tests',
  }
  const backup = join(dir, 'backup')
  const made = await backupCommand(['--to', backup], settings)
  expect([made.code, made.stderr]).toEqual([0, ''])
  expect(made.stdout).toMatch(/read again and equal/)
  expect(made.stdout).toMatch(/not in it: GATEHOUSE_PSEUDONYM_KEY/)
  // The gateway went on meanwhile.
  expect(pubacked().length).toBeGreaterThan(before.length)
  await Promise.all(devices.map(device => device.end()))
  await first.kill()

  // For its owner's eyes only, and nothing in it but files that need no other.
  expect(statSync(backup).mode & 0o777).toBe(0o700)
  expect(readdirSync(backup).sort()).toEqual(['journal.sqlite', 'manifest.json', 'registry.yaml'])
  for (const name of readdirSync(backup))
    expect([name, statSync(join(backup, name)).mode & 0o777]).toEqual([name, 0o600])
  expect(await backupCommand(['verify', backup])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/whole, and equal/),
  })

  const elsewhere = join(dir, 'elsewhere')
  const restored = await backupCommand(['restore', backup, '--data-dir', elsewhere])
  expect([restored.code, restored.stderr]).toEqual([0, ''])
  const second = await startGateway({ dataDir: elsewhere, registry: join(backup, 'registry.yaml'), env })
  onTestFinished(() => second.kill())
  const journal = new DatabaseSync(join(elsewhere, 'journal.sqlite'), { readOnly: true })
  onTestFinished(() => journal.close())
  const found = new Set(
    (
      journal.prepare('SELECT d.id AS device, e.id FROM entry e JOIN device d ON d.key = e.device').all() as {
        device: string
        id: string
      }[]
    ).map(({ device, id }) => `${device} ${id}`),
  )
  expect(before.filter(event => !found.has(event))).toEqual([])
  expect(await second.get('alarms?stage=delivered')).toMatchObject({ items: [{ device: { id: 'button-4' } }] })
  const { consumers } = await until(async () => {
    const stats = await second.get<Stats>('stats')
    return Object.values(stats.consumers).every(({ pending }) => pending === 0) && stats
  }, 'nothing pending')
  expect(consumers.influx).toMatchObject({ done: found.size, quarantined: 0 })
  const points = await pointsByEvent(influxd, database)
  expect([...points].filter(([, count]) => count !== 1)).toEqual([])
  // The audit log's end was restored with it: the start found nothing broken.
  expect(endpoint.told.filter(({ message }) => message.type === 'gateway.fault')).toEqual([])

  // Into what is used or filled nothing is restored.
  const busy = await backupCommand(['restore', backup, '--data-dir', elsewhere])
  expect([busy.code, busy.stderr]).toEqual([1, expect.stringMatching(/another gateway runs on this data directory/)])
  expect(await second.stop()).toBe(0)
  const filled = await backupCommand(['restore', backup, '--data-dir', elsewhere])
  expect([filled.code, filled.stderr]).toEqual([1, expect.stringMatching(/is not empty .*nothing is overwritten/)])

  // A changed row with the file's own sum made anew, and a changed byte, are found.
  const changed = new DatabaseSync(join(backup, 'journal.sqlite'))
  changed.exec("UPDATE alarm SET stage = 'closed'")
  changed.close()
  const wrong = await backupCommand(['verify', backup])
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(/journal\.sqlite: is not the file that was backed up/),
  ])
  const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'))
  const bytes = readFileSync(join(backup, 'journal.sqlite'))
  Object.assign(manifest.files['journal.sqlite'], {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  writeFileSync(join(backup, 'manifest.json'), JSON.stringify(manifest))
  const refused = await backupCommand(['restore', backup, '--data-dir', join(dir, 'third')])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/table alarm holds something else/)])
  expect(existsSync(join(dir, 'third'))).toBe(false)
}, 180_000)

test('what can not be backed up is refused in words, and nothing is left behind', async () => {
  const dir = temporaryDirectory()
  const missing = await backupCommand(['--to', join(dir, 'backup'), '--data-dir', join(dir, 'nowhere')])
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/journal\.sqlite: there is no such file; set GATEHOUSE_DATA_DIR/),
  ])
  const none = await backupCommand(['verify', dir])
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/manifest\.json: can't be read/)])
  const wrong = await backupCommand(['restore', dir])
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/--data-dir: is missing/)])
  const store = await openSqliteJournal(dir)
  onTestFinished(() => store.close())
  const inside = await backupCommand(['--to', join(dir, 'inside'), '--data-dir', dir])
  expect([inside.code, inside.stderr]).toEqual([1, expect.stringMatching(/lies in the data directory/)])
  const late = await backupCommand(['--to', `${dir}-backup`, '--data-dir', dir, '--timeout', '0.000001'])
  expect([late.code, late.stderr]).toEqual([1, expect.stringMatching(/not done within/)])
  expect(readdirSync(join(dir, '..')).filter(name => name.startsWith(`${dir.split('/').at(-1)}-backup`))).toEqual([])
}, 60_000)

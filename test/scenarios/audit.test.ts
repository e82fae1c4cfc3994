import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Head } from '../../gateway/audit/line.ts'
import { type KeptHead, verify } from '../../gateway/audit/verify.ts'
import { createPseudonym } from '../../gateway/journal/pseudonym.ts'
import { headFileBeside, readHead } from '../../gateway/sqlite/audit-head.ts'
import { readBeside } from '../../gateway/sqlite/beside.ts'
import type { EventView } from '../../schemas/api.ts'
import type { AuditView } from '../../schemas/audit.ts'
import { runCommand } from '../helpers/command.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret, startEndpoint } from '../helpers/endpoint.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { call, post } from '../helpers/people.ts'
import { button, gate, school, writeRegistry } from '../helpers/registry.ts'

const pseudonym = createPseudonym(Buffer.from('key-of-the-tests'))
const linesOf = async (gateway: RunningGateway, query = '') =>
  (await gateway.get<{ items: AuditView[] }>(`audit?limit=1000${query}`)).items.reverse()

test('what people do leaves a line; a line that is changed, missing or cut off is found, also after the process was killed', async () => {
  const dir = temporaryDirectory()
  const dataDir = join(dir, 'data')
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const options = {
    dataDir,
    registry: writeRegistry(dir, {
      endpoints: [{ id: 'city', url: endpoint.url, secret: endpointSecret, level: 0 }],
    }),
  }
  const start = async () => {
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    return gateway
  }
  const gateway = await start()
  for (const number of [1, 2]) {
    const device = await connectDevice(gateway.mqttUrl, button(number))
    await device.publish('alarm', panic(`p-${number}`))
    await device.end()
  }
  const told = (number: number) => endpoint.next(({ message }) => message.data.alarm?.device.id === `button-${number}`)
  const [one, two] = [(await told(1)).message.subject, (await told(2)).message.subject]
  await post(gateway, `sites/${school}/alarms/acknowledge`, { by: '王' })
  expect((await post(gateway, `alarms/${one}/acknowledge`, { by: '李' })).status).toBe(409)
  await post(gateway, `alarms/${one}/close`, { by: '王', disposition: 'drill' })
  const window = await post<{ id: string }>(gateway, 'maintenance', { device: 'button-3', by: '王' })
  await call(gateway, 'DELETE', `maintenance/${window.json.id}`)
  await post(gateway, 'endpoints/city/test')
  await call(gateway, 'GET', 'stats', { headers: { authorization: 'Bearer wrong' } })
  await connectDevice(gateway.mqttUrl, button(3), { password: 'wrong' }).catch(() => {})

  const person = pseudonym('王')
  const lines = await linesOf(gateway)
  expect(lines.map(({ what, by, subject, details }) => [what, by, subject, details])).toEqual([
    ['gateway.started', 'gateway', null, { version: expect.stringMatching(/./) }],
    ['pseudonym.version', 'gateway', '1', { fromSeq: 1, fingerprint: expect.any(String) }],
    ['alarm.acknowledged', 'tests', one, { site: school, person, scope: 'site' }],
    ['alarm.acknowledged', 'tests', two, { site: school, person, scope: 'site' }],
    ['alarm.closed', 'tests', one, { site: school, person, disposition: 'drill' }],
    ['maintenance.begun', 'tests', window.json.id, { site: null, device: 'button-3', minutes: 30, person }],
    ['maintenance.ended', 'tests', window.json.id, {}],
    ['endpoint.tested', 'tests', 'city', { message: expect.any(String) }],
    ['api.refused', 'gateway', null, { why: 'the token is not known', address: '127.0.0.1' }],
    ['login.refused', 'gateway', 'button-3', { why: 'wrong secret', address: expect.stringContaining('127.0.0.1') }],
  ])
  expect((await linesOf(gateway, '&what=alarm')).map(({ n }) => n)).toEqual([3, 4, 5])

  const byCommand = (at: string) => runCommand('commands/audit.ts', ['verify'], { dataDir: at })
  const running = await byCommand(dataDir)
  expect([running.code, running.said]).toEqual([0, expect.stringContaining('10 lines, unbroken')])
  await gateway.kill()

  const { n, hash } = lines.at(-1) as AuditView
  const head = `${n}:${hash}`
  const check = (at: string, ...kept: KeptHead[]) => {
    const file = join(at, 'journal.sqlite')
    const log = readBeside(file)
    try {
      return verify(log.lines(), [...kept, { ...(readHead(headFileBeside(file)) as Head), from: 'audit.head' }])
    } finally {
      log.close()
    }
  }
  /** What somebody with the file in his hands does to a copy. */
  const tampered = (name: string, ...sql: string[]): string => {
    const copy = join(dir, name)
    cpSync(dataDir, copy, { recursive: true })
    const db = new DatabaseSync(join(copy, 'journal.sqlite'))
    // A slip is refused; whoever means it drops the triggers.
    for (const statement of sql) expect(() => db.exec(statement)).toThrow('append-only')
    for (const trigger of ['audit_unchanged', 'audit_kept', 'audit_next']) db.exec(`DROP TRIGGER ${trigger}`)
    for (const statement of sql) db.exec(statement)
    db.close()
    return copy
  }
  const changed = tampered('changed', "UPDATE audit SET by = 'nobody' WHERE n = 4")
  expect(check(changed)).toMatchObject({ good: false, n: 4 })
  const cut = tampered('cut', 'DELETE FROM audit WHERE n >= 9')
  expect(await byCommand(cut)).toEqual({ code: 1, said: expect.stringContaining('broken at line 9: it is missing') })
  const kept = { n, hash, from: 'somebody' }
  expect(check(dataDir, kept)).toEqual({ good: true, head: { n, hash } })

  // A gateway that starts on the cut one works, and says so in the log that it goes on with.
  const again = await startGateway({ ...options, dataDir: cut })
  onTestFinished(() => again.kill())
  expect(again.log).toContainEqual(expect.objectContaining({ msg: 'audit.broken' }))
  const [broken] = await linesOf(again, '&what=audit.broken')
  expect(broken).toMatchObject({ n: 9, subject: '9', details: { noted: head } })
  await endpoint.next(({ message }) => message.data.fault?.code === 'audit-broken')
  await again.stop()
  // Its own end is in order again: only a head that was kept elsewhere tells.
  expect(check(cut)).toMatchObject({ good: true })
  expect(check(cut, kept)).toMatchObject({ good: false, n: 10 })
}, 90_000)

test('after the key was changed what was said before keeps its pseudonym, and what is said from then on has another', async () => {
  const dir = temporaryDirectory()
  const dataDir = join(dir, 'data')
  const options = { dataDir, registry: writeRegistry(dir), env: { GATEHOUSE_PSEUDONYM_KEY: '' } }
  const say = async (gateway: RunningGateway, id: string) => {
    const device = await connectDevice(gateway.mqttUrl, gate)
    await device.publish('access', passage(id))
    await device.end()
    const { items } = await gateway.get<{ items: EventView[] }>('events?kind=access')
    return items.map(({ data }) => data?.personKey).reverse()
  }
  const before = await startGateway(options)
  onTestFinished(() => before.kill())
  const [old] = await say(before, 'e-1')
  const rotated = await runCommand('commands/pseudonym.ts', ['rotate'], { dataDir })
  expect([rotated.code, rotated.said]).toEqual([0, expect.stringContaining('takes it at its next start')])
  await before.kill()

  const after = await startGateway(options)
  onTestFinished(() => after.kill())
  const [first, second] = await say(after, 'e-2')
  expect(first).toBe(old)
  expect(second).toMatch(/^[0-9a-f]{16}$/)
  expect(second).not.toBe(old)
  const [one, two] = await linesOf(after, '&what=pseudonym')
  expect([one?.details.fromSeq, two?.details.fromSeq]).toEqual([1, 2])
  await after.stop()
}, 90_000)

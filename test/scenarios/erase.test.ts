import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPseudonym } from '../../gateway/journal/pseudonym.ts'
import type { EventView, Stats } from '../../schemas/api.ts'
import type { AuditView } from '../../schemas/audit.ts'
import { topics } from '../../schemas/topics.ts'
import { runCommand } from '../helpers/command.ts'
import { connectDevice } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { startGateway } from '../helpers/gateway.ts'
import { post } from '../helpers/people.ts'
import { gate, writeRegistry } from '../helpers/registry.ts'

const person = 'S-2019-00417'
const plate = '晋AQ7731D'
const name = '张三丰'
const pseudonym = createPseudonym(Buffer.from('key-of-the-tests'))
const door = { door: '东门', direction: 'in', method: 'card', result: 'granted' }
const access = (id: string, ref: string, more: object = {}) => ({
  id,
  data: { ...door, person: { ref, role: 'student' }, ...more },
})

/** Which of the journal's files hold the text, in UTF-8. */
function filesWith(dir: string, text: string): string[] {
  return readdirSync(dir).filter(file => file.startsWith('journal.') && readFileSync(join(dir, file)).includes(text))
}

test('a person and a plate are erased, by the API and by command: no byte of them is left, and everything still adds up', async () => {
  const dir = temporaryDirectory()
  const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir) }
  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  const device = await connectDevice(gateway.mqttUrl, gate, { acks: true })
  onTestFinished(() => device.end())

  await device.publish('access', access('e-1', person))
  // Larger than a page: SQLite keeps it on pages of its own.
  await device.publish('access', access('e-2', person, { reason: name, more: `${name}${'x'.repeat(9000)}${person}` }))
  await device.publish('access', access('e-3', 'S-2019-004170'))
  await device.publish('access', access('e-4', 'S-1', { reason: `came with ${person}` }))
  const vehicle = { id: 'v-1', data: { lane: '1', direction: 'in', plate, speedKmh: 30 } }
  await device.publish('vehicle', vehicle)
  await device.publishRaw(
    topics.event(gate, 'access'),
    JSON.stringify({ id: 'bad', data: { person: { ref: person } } }),
  )
  await device.publishRaw(topics.event(gate, 'vehicle'), `{"id":"bad-2","plate":"${plate}"`)
  await device.publish('access', access('e-5', 'S-2'))
  const before = await gateway.get<Stats>('stats')
  expect(filesWith(options.dataDir, person)).not.toEqual([])
  expect(filesWith(options.dataDir, plate)).not.toEqual([])
  const eventsBefore = (await gateway.get<{ items: EventView[] }>('events')).items

  const answer = await post<Record<string, unknown>>(gateway, 'erase', { ref: person, reason: 'request 12' })
  expect([answer.status, answer.json]).toEqual([
    200,
    {
      entries: 3,
      rejections: 1,
      left: 0,
      pseudonyms: [{ version: 1, pseudonym: pseudonym(person) }],
      logEmptied: true,
    },
  ])
  const { code, said } = await runCommand('commands/erase.ts', ['plate', '--reason', 'request 13'], {
    dataDir: options.dataDir,
    env: { GATEHOUSE_PSEUDONYM_KEY: 'key-of-the-tests' },
    input: `${plate}\n`,
  })
  expect(said).toContain('erased in 1 events; 1 rejected payloads are gone')
  expect(said).toContain(`plateKey = '${pseudonym(plate)}'`)
  expect([code, said.includes(plate)]).toEqual([0, false])

  for (const gone of [`"${person}"`, ` ${person}`, `x${person}`, plate, name])
    expect(filesWith(options.dataDir, gone)).toEqual([])
  // The other student's reference begins with it.
  expect(filesWith(options.dataDir, 'S-2019-004170')).not.toEqual([])

  // Nothing of it is a duplicate that came in anew, and nothing is missing.
  await device.publish('access', access('e-1', person))
  const { items } = await gateway.get<{ items: EventView[] }>('events')
  expect(items.map(({ seq, id, time }) => [seq, id, time])).toEqual(
    eventsBefore.map(({ seq, id, time }) => [seq, id, time]),
  )
  const dataOf = (id: string) => items.find(item => item.id === id)?.data
  expect(dataOf('e-1')).toEqual({ ...door, personKey: pseudonym('erased'), personRole: 'student' })
  expect(dataOf('e-2')).toEqual(dataOf('e-1'))
  expect(dataOf('e-3')?.personKey).toBe(pseudonym('S-2019-004170'))
  expect(dataOf('e-4')?.personKey).toBe(pseudonym('S-1'))
  expect(dataOf('v-1')).toEqual({ lane: '1', direction: 'in', plateKey: pseudonym('erased'), speedKmh: 30 })
  const after = await gateway.get<Stats>('stats')
  expect(after).toMatchObject({ accepted: before.accepted, rejected: before.rejected, duplicate: before.duplicate + 1 })

  const audit = await gateway.get<{ items: AuditView[] }>('audit?what=erase')
  expect(audit.items.map(({ what, by, subject, details }) => [what, by, subject, details]).reverse()).toEqual([
    ['erase.begun', 'tests', pseudonym(person), { of: 'person', reason: 'request 12' }],
    ['erase.done', 'tests', pseudonym(person), { of: 'person', entries: 3, rejections: 1, left: 0, logEmptied: true }],
    ['erase.begun', 'command', pseudonym(plate), { of: 'plate', reason: 'request 13' }],
    ['erase.done', 'command', pseudonym(plate), { of: 'plate', entries: 1, rejections: 1, left: 0, logEmptied: true }],
  ])
  await gateway.stop()
  expect(filesWith(options.dataDir, plate)).toEqual([])
}, 90_000)

import { closeSync, copyFileSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { damagedReason } from '../../gateway/journal/journal.ts'
import { findWalDamage } from '../../gateway/sqlite/wal-damage.ts'
import type { Stats } from '../../schemas/api.ts'
import { panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'
import { accepted, append } from './journal-suite.ts'

/** What a disk does to bytes that lie on it. SQLite has no check sums of its pages; the WAL's own end it without a word. */
const said = (text: string) => new TextEncoder().encode(text)

/** Turns one bit in the only place that holds `text`. */
function flip(bytes: Buffer, text: string): Buffer {
  const at = bytes.indexOf(text)
  expect(at).toBeGreaterThan(0)
  bytes[at] = (bytes[at] as number) ^ 1
  return bytes
}

/** As a killed gateway leaves it: `commits` of one event each in the WAL. */
async function leftBehind(commits: number): Promise<{ dir: string; wal: Buffer; frameBytes: number }> {
  const store = await openSqliteJournal(temporaryDirectory())
  for (let n = 0; n < commits; n++)
    await append(store.journal, accepted(`e-${n}`, { payload: said(`{"id":"e-${n}","mark":"mark-${n}."}`) }))
  const dir = temporaryDirectory()
  for (const end of ['', '-wal']) copyFileSync(`${store.file}${end}`, join(dir, `journal.sqlite${end}`))
  await store.close()
  const wal = readFileSync(join(dir, 'journal.sqlite-wal'))
  return { dir, wal, frameBytes: 24 + wal.readUInt32BE(8) }
}
const damageIn = (wal: Buffer) => findWalDamage(new Uint8Array(wal))

describe('the WAL that a killed gateway left', () => {
  test('whole, cut off in its last commit or of an earlier round at its end, it has lost nothing', async () => {
    const { wal, frameBytes } = await leftBehind(6)
    expect(damageIn(wal)).toBeUndefined()
    expect(damageIn(wal.subarray(0, wal.length - 100))).toBeUndefined()
    expect(damageIn(wal.subarray(0, 40))).toBeUndefined()
    // A frame whose salt is another is what the round before left.
    const older = Buffer.concat([wal, wal.subarray(32, 32 + frameBytes)])
    older.writeUInt32BE(1, wal.length + 8)
    expect(damageIn(older)).toBeUndefined()
  })

  test.each<[string, (wal: Buffer) => Buffer]>([
    ['a bit of a payload', wal => flip(wal, 'mark-2.')],
    ['a bit of its header', wal => Buffer.from(wal.with(15, (wal[15] as number) ^ 1))],
    ['a bit of a frame’s header', wal => Buffer.from(wal.with(32 + 3, (wal[32 + 3] as number) ^ 1))],
  ])('%s turned before commits that were acknowledged: found, and kept aside', async (_, turn) => {
    const { dir, wal } = await leftBehind(6)
    const turned = turn(wal)
    expect(damageIn(turned)?.commits).toBeGreaterThanOrEqual(2)
    writeFileSync(join(dir, 'journal.sqlite-wal'), turned)
    const store = await openSqliteJournal(dir)
    expect(store.database.walDamage).toMatch(
      /the disk changed frame \d+ of .*kept as .*journal\.sqlite-wal\.damaged-[0-9a-f]+$/,
    )
    await store.close()
    const kept = readdirSync(dir).filter(file => file.includes('damaged'))
    expect(kept.map(file => readFileSync(join(dir, file)).equals(turned))).toEqual([true])
  })
})

test('an entry whose bytes the disk has changed is never passed on: counted, told, and the others go on', async () => {
  const dir = temporaryDirectory()
  const store = await openSqliteJournal(dir)
  const press = (n: number) =>
    accepted(`press-${n}`, {
      kind: 'alarm',
      device: `button-${n}`,
      payload: said(JSON.stringify(panic(`press-${n}`, { note: `note ${n}.` }))),
    })
  for (const n of [1, 2, 3]) await append(store.journal, press(n))
  await append(store.journal, accepted('e-1', { payload: said('{"id":"e-1","data":{"door":"door 1."}}') }))
  await store.close()
  writeFileSync(store.file, flip(flip(readFileSync(store.file), 'note 2.'), 'door 1.'))

  const again = await openSqliteJournal(dir)
  const consumer = await again.consumer('some')
  const entries = await consumer.read(0, 10)
  expect(entries.map(({ seq, damaged }) => [seq, damaged])).toEqual([
    [1, undefined],
    [2, true],
    [3, undefined],
    [4, true],
  ])
  expect(entries[1]).toMatchObject({ payload: '{}', device: '', id: null })
  await again.close()

  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const gateway = await startGateway({
    dataDir: dir,
    registry: writeRegistry(temporaryDirectory()),
    env: dispatchTo(endpoint),
  })
  onTestFinished(() => gateway.kill())
  const told = await endpoint.next(({ message }) => message.type === 'gateway.fault')
  expect(told.message.data.fault).toMatchObject({
    code: 'alarm-quarantined',
    message: expect.stringContaining(`from number 2: ${damagedReason}`),
  })
  await endpoint.next(({ message }) => message.subject !== 'alarms' && message.data.alarm?.device.id === 'button-3')
  expect(endpoint.told.flatMap(({ message }) => message.data.alarm?.device.id ?? []).sort()).toEqual([
    'button-1',
    'button-3',
  ])
  const { consumers } = await gateway.get<Stats>('stats')
  expect(consumers.alarms).toMatchObject({ quarantined: 1 })
  const { items } = await gateway.get<{ items: { seq: number }[] }>('events')
  expect(items.map(({ seq }) => seq)).toEqual([3, 1])
  expect(await gateway.stop()).toBe(0)
  expect(readdirSync(dir).filter(name => name.includes('damaged'))).toEqual([])
}, 60_000)

test('a page that is met damaged while it runs: what needs it waits, is told of as trouble for as long, and the rest is written', async () => {
  const dir = temporaryDirectory()
  const first = await openSqliteJournal(dir)
  await append(first.journal, accepted('e-1'))
  await first.close()
  const store = await openSqliteJournal(dir)
  // The storage thread has not read it yet: it asks for ids only when one comes.
  const db = new DatabaseSync(store.file, { readOnly: true })
  const { page } = db.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'known_id'").get() as {
    page: number
  }
  const { page_size: pageBytes } = db.prepare('PRAGMA page_size').get() as { page_size: number }
  db.close()
  const fd = openSync(store.file, 'r+')
  writeSync(fd, Buffer.alloc(pageBytes, 0xff), 0, pageBytes, (page - 1) * pageBytes)
  closeSync(fd)

  const heard: (string | undefined)[] = []
  store.database.onHealth(trouble => heard.push(trouble?.code))
  const answers: string[] = []
  const waits = (id: string | null) =>
    append(store.journal, accepted(id)).then(
      ({ result }) => answers.push(result),
      ({ code }) => answers.push(code),
    )
  const waiting = [waits('e-2'), waits(null)]
  await until(() => store.database.trouble() !== undefined, 'trouble')
  expect(store.database.trouble()).toMatchObject({ code: 'sqlite-11' })
  // What doesn't need that page is written, and doesn't make it whole.
  await store.database.write.call('enroll', 'some')
  expect(await store.database.read.call('cursor', 'some')).toBe(0)
  expect([heard, answers]).toEqual([['sqlite-11'], []])

  store.database.holdNothing()
  await Promise.all(waiting)
  expect(answers).toEqual(['journal-damaged', 'journal-damaged'])
  await store.close()
})

import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { currentVersion } from '../../gateway/sqlite/migrations/migrate.ts'
import { openWriter } from '../../gateway/sqlite/open.ts'
import { connectDevice, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { failToStart, startGateway } from '../helpers/gateway.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'
import { accepted, append, appendAll } from './journal-suite.ts'

const onEntries = (count: number) => Array.from({ length: count }, (_, n) => accepted(`e-${n}`))

/** A closed journal of a few hundred pages, as one file. */
async function writtenJournal(): Promise<{ dir: string; file: string }> {
  const dir = temporaryDirectory()
  const store = await openSqliteJournal(dir)
  await appendAll(store.journal, onEntries(3000))
  await store.close()
  return { dir, file: store.file }
}

describe('the file', () => {
  test('it is in WAL mode and each commit is synced before it is answered', () => {
    const db = openWriter(join(temporaryDirectory(), 'journal.sqlite'))
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    db.close()
  })

  test('an empty one, as a start that died leaves it, and one of version 0 are brought to the current version', () => {
    const dir = temporaryDirectory()
    writeFileSync(join(dir, 'empty.sqlite'), '')
    const zero = new DatabaseSync(join(dir, 'zero.sqlite'))
    zero.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 0')
    zero.close()
    for (const name of ['empty.sqlite', 'zero.sqlite', 'new.sqlite']) {
      const db = openWriter(join(dir, name))
      expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: currentVersion })
      expect(db.prepare('SELECT received FROM counter').get()).toEqual({ received: 0 })
      db.close()
    }
  })

  test('after a stop everything is in the one file, so a copy of it is a backup', async () => {
    const { dir, file } = await writtenJournal()
    expect(existsSync(`${file}-wal`)).toBe(false)
    const elsewhere = temporaryDirectory()
    copyFileSync(file, join(elsewhere, 'journal.sqlite'))
    const store = await openSqliteJournal(elsewhere)
    expect(await store.stats([])).toMatchObject({ received: 3000, accepted: 3000 })
    await store.close()
    expect(readdirSync(dir)).toEqual(['journal.sqlite'])
  })
})

describe('a start that is refused says why, and leaves the files as they were', () => {
  const refused = async (dataDir: string) => failToStart({ dataDir, registry: writeRegistry(temporaryDirectory()) })
  const digests = (dir: string) =>
    Object.fromEntries(
      readdirSync(dir)
        .filter(name => /sqlite(-wal)?$/.test(name))
        .map(name => [name, readFileSync(join(dir, name))] as const)
        // A look at the file leaves an empty WAL beside it.
        .filter(([, bytes]) => bytes.length > 0)
        .map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
    )

  test('a file from a newer version', async () => {
    const { dir, file } = await writtenJournal()
    const db = new DatabaseSync(file)
    db.exec(`PRAGMA user_version = ${currentVersion + 1}`)
    db.close()
    const before = digests(dir)
    const { code, stderr } = await refused(dir)
    expect(stderr).toBe(
      `Gatehouse can't start:\n  ${file}: was written by a newer Gatehouse (version ${currentVersion + 1} of the file, ` +
        `this one knows ${currentVersion}); start that version, or point GATEHOUSE_DATA_DIR elsewhere\n`,
    )
    expect(code).toBe(1)
    expect(digests(dir)).toEqual(before)
  })

  test.each<[string, (file: string, bytes: Buffer) => void]>([
    ['a header of garbage', (file, bytes) => writeFileSync(file, bytes.fill('GARBAGE!', 0, 100))],
    ['bytes flipped in pages of the middle', (file, bytes) => writeFileSync(file, flipped(bytes))],
    ['half of it gone', (file, bytes) => truncateSync(file, Math.floor(bytes.length / 2) - 1000)],
  ])('a damaged file: %s', async (_, damage) => {
    const { dir, file } = await writtenJournal()
    damage(file, readFileSync(file))
    const before = digests(dir)
    const { code, stderr } = await refused(dir)
    expect(stderr).toMatch(
      /^Gatehouse can't start:\n {2}\S+journal\.sqlite: is damaged \(.+\) and was left as it is\. Put a backup/,
    )
    expect(stderr).toContain(`  ${file}: is damaged`)
    expect(stderr).toContain('move the file and its -wal and -shm away to start with an empty journal\n')
    expect(code).toBe(1)
    expect(digests(dir)).toEqual(before)
  })

  test('a damaged file with a WAL beside it, as a killed gateway leaves it', async () => {
    const written = await writtenJournal()
    const store = await openSqliteJournal(written.dir)
    await append(store.journal, accepted('in the WAL'))
    const dir = temporaryDirectory()
    const file = join(dir, 'journal.sqlite')
    writeFileSync(file, flipped(readFileSync(store.file)))
    copyFileSync(`${store.file}-wal`, `${file}-wal`)
    await store.close()
    const before = digests(dir)
    expect(Object.keys(before)).toEqual(['journal.sqlite', 'journal.sqlite-wal'])
    const { code, stderr } = await refused(dir)
    expect(stderr).toContain(`  ${file}: is damaged`)
    expect(code).toBe(1)
    expect(digests(dir)).toEqual(before)
  })

  test('a directory that may not be written', async () => {
    // Root may write everywhere but in the kernel's own directories.
    const dir = process.getuid?.() === 0 ? '/sys/kernel' : join(temporaryDirectory(), 'read-only')
    if (!existsSync(dir)) mkdirSync(dir)
    if (process.getuid?.() !== 0) chmodSync(dir, 0o555)
    const { code, stderr } = await refused(dir)
    expect(stderr).toMatch(
      /^Gatehouse can't start:\n {2}\S+: can't be written \(.+\); GATEHOUSE_DATA_DIR must be a directory that/,
    )
    expect(stderr).toContain(dir)
    expect(code).toBe(1)
  })

  test('a data directory that another gateway uses; when that is killed the next one starts at once, with all that was pubacked', async () => {
    const dataDir = join(temporaryDirectory(), 'data')
    const registry = writeRegistry(temporaryDirectory())
    const first = await startGateway({ dataDir, registry })
    onTestFinished(() => first.kill())
    const device = await connectDevice(first.mqttUrl, gate)
    onTestFinished(() => device.end())
    await Promise.all(Array.from({ length: 50 }, (_, n) => device.publish('access', passage(`e-${n}`))))

    const { code, stderr } = await failToStart({ dataDir, registry })
    expect(stderr).toBe(
      `Gatehouse can't start:\n  ${dataDir}: another gateway runs on this data directory; stop it, or give this one another GATEHOUSE_DATA_DIR\n`,
    )
    expect(code).toBe(1)

    await first.kill()
    expect(existsSync(join(dataDir, 'journal.sqlite-wal'))).toBe(true)
    const next = await startGateway({ dataDir, registry })
    onTestFinished(() => next.kill())
    expect(await next.get('stats')).toMatchObject({ received: 50, accepted: 50 })
    expect(await next.stop()).toBe(0)
  })
})

test('a large file is checked while the gateway runs: it says not ready, and the endpoints are told', async () => {
  const dir = temporaryDirectory()
  const store = await openSqliteJournal(dir)
  const big = new Uint8Array(65_536).fill(0x20)
  await appendAll(
    store.journal,
    onEntries(1100).map(entry => ({ ...entry, id: `big-${entry.id}`, payload: big })),
  )
  // What a start reads for the alarms' context stands behind them, and whole.
  await appendAll(store.journal, onEntries(2100))
  await store.close()
  writeFileSync(store.file, flipped(readFileSync(store.file)))
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const registry = writeRegistry(temporaryDirectory())
  const gateway = await startGateway({ dataDir: dir, registry, env: dispatchTo(endpoint) })
  onTestFinished(() => gateway.kill())
  const told = await endpoint.next()
  expect(told.message).toMatchObject({ type: 'gateway.fault', data: { fault: { code: 'journal-damaged' } } })
  const response = await fetch(`${gateway.httpUrl}/readyz`)
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ checks: { journal: expect.stringMatching(/page/) } })
  expect(await gateway.stop()).toBe(0)
})

describe('group commit', () => {
  /** Holds the write lock, so that what is called meanwhile gathers before the storage thread. */
  function hold(file: string): () => void {
    const db = new DatabaseSync(file)
    db.exec('BEGIN IMMEDIATE')
    return () => {
      db.exec('ROLLBACK')
      db.close()
    }
  }

  /** Transactions in the WAL: frames whose header says the file's size after a commit. */
  function commits(file: string): number {
    const wal = readFileSync(`${file}-wal`)
    const frameBytes = 24 + wal.readUInt32BE(8)
    let count = 0
    for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
      // A frame of an earlier run of the WAL has another salt.
      const current = wal.readBigUInt64BE(at + 8) === wal.readBigUInt64BE(16)
      if (current && wal.readUInt32BE(at + 4) > 0) count++
    }
    return count
  }

  const eachInItsTurn = async (work: (() => Promise<unknown>)[]): Promise<PromiseSettledResult<unknown>[]> => {
    const done: Promise<unknown>[] = []
    for (const one of work) {
      done.push(one())
      await new Promise(setImmediate)
    }
    return await Promise.allSettled(done)
  }

  test('what gathers while a commit is under way is the next transaction', async () => {
    const { journal, file, close } = await openSqliteJournal(temporaryDirectory())
    await append(journal, accepted('first'))
    const before = commits(file)
    const release = hold(file)
    const done = eachInItsTurn(onEntries(60).map(entry => () => append(journal, entry)))
    await until(() => journal.queued === 60, '60 appends waiting')
    release()
    expect((await done).map(({ status }) => status)).toEqual(new Array(60).fill('fulfilled'))
    // The one that waited for the lock, and the rest; one more if the lock was gone before the last was called.
    expect(commits(file) - before).toBeLessThanOrEqual(3)
    await close()
  })

  test('without anything that holds them up, appends one after the other are a transaction each', async () => {
    const { journal, file, close } = await openSqliteJournal(temporaryDirectory())
    await append(journal, accepted('first'))
    const before = commits(file)
    for (const entry of onEntries(10)) await append(journal, entry)
    expect(commits(file) - before).toBe(10)
    await close()
  })

  test('a call that fails fails alone: its neighbours of the same transaction are stored, without a gap', async () => {
    const { journal, database, file, close } = await openSqliteJournal(temporaryDirectory())
    await append(journal, accepted('first'))
    const before = commits(file)
    const message = {
      id: 'm-1',
      type: 'gateway.fault',
      subject: 's',
      createdAt: 1,
      body: '{}',
      endpoints: ['a'],
    } as const
    const release = hold(file)
    const good = (id: string) => () => append(journal, accepted(id))
    const create = () => database.write.call('createMessage', { ...message, endpoints: ['a'] })
    const bad = () => database.write.call('append', {} as never)
    const done = eachInItsTurn([good('a'), create, good('b'), create, good('c'), bad, good('d'), good('a')])
    await until(() => journal.queued === 5, 'all waiting')
    release()
    const results = await done
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      true,
      true,
    ])
    const values = results.map(result => (result.status === 'fulfilled' ? result.value : result.reason))
    expect(values[3]).toMatchObject({ code: 'sqlite-19', retryable: false })
    expect(values[5]).toMatchObject({ code: 'storage-bug', retryable: false })
    expect([values[0], values[2], values[4], values[6], values[7]]).toEqual([
      { result: 'stored', seq: 2 },
      { result: 'stored', seq: 3 },
      { result: 'stored', seq: 4 },
      { result: 'stored', seq: 5 },
      { result: 'duplicate', seq: 2 },
    ])
    expect(commits(file) - before).toBeLessThanOrEqual(6)
    await close()
  })
})

/** Eight pages in the middle with their beginnings inverted: what makes a page of a tree one. */
function flipped(bytes: Buffer): Buffer {
  const pageBytes = 4096
  const middle = Math.floor(bytes.length / pageBytes / 2)
  for (let page = middle; page < middle + 8; page++)
    for (let at = page * pageBytes; at < page * pageBytes + 64; at++) bytes[at] = (bytes[at] as number) ^ 0xff
  return bytes
}

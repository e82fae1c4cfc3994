import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../helpers/directory.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { accepted, appendAll, rejected } from './journal-suite.ts'

/** Raw values stand in the journal for the retention: after it no byte of them is in its files, free pages included. */
const filesWith = (dir: string, text: string) =>
  readdirSync(dir).filter(file => readFileSync(join(dir, file)).includes(text))

test('what retention took is gone from the disk too, small and large, accepted and rejected', async () => {
  const dir = temporaryDirectory()
  const store = await openSqliteJournal(dir)
  const payload = (more: string) => new TextEncoder().encode(`{"ref":"S-old-person","more":"${more}"}`)
  const old = Array.from({ length: 400 }, (_, n) => {
    const said = { receivedAt: 100, payload: payload('x'.repeat(n % 40 === 0 ? 12_000 : 20 * (n % 9))) }
    return n % 5 === 0 ? rejected(said) : accepted(`old-${n}`, said)
  })
  await appendAll(store.journal, [...old, accepted('young', { receivedAt: 900, payload: payload('young') })])
  await (await store.consumer('one')).commit({ upTo: 401, passed: 321, quarantined: [] })
  await store.database.emptyLog()
  expect(filesWith(dir, 'S-old-person')).toEqual(['journal.sqlite'])
  await store.database.write.call('retainJournal', { before: 500, enabled: ['one'], limit: 1000 })
  expect(await store.database.emptyLog()).toBe(true)
  expect((await (await store.consumer('one')).read(0, 10)).map(({ id }) => id)).toEqual(['young'])
  const left = readFileSync(join(dir, 'journal.sqlite'), 'latin1').split('S-old-person').length - 1
  expect(left).toBe(1)
  await store.close()
})

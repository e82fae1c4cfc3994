import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openDesk } from '../helpers/desk.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { openSqliteJournal } from '../helpers/journal.ts'
import { accepted, appendAll } from './journal-suite.ts'

test("retention of the journal leaves the responses' cursor and quarantine alone: they count closed alarms", async () => {
  const store = await openSqliteJournal(temporaryDirectory())
  const { write, read } = store.database
  await appendAll(
    store.journal,
    ['a', 'b', 'c', 'd'].map(id => accepted(id, { receivedAt: 100 })),
  )
  const passing = await store.consumer('alarms')
  await passing.commit({ upTo: 4, passed: 4, quarantined: [{ seq: 2, reason: 'of the desk' }] })
  await write.call('advance', {
    consumer: 'responses',
    progress: { upTo: 2, passed: 2, quarantined: [{ seq: 1, reason: 'of InfluxDB' }] },
  })
  expect(await write.call('retainJournal', { before: 200, enabled: ['alarms'], limit: 100 })).toBe(4)
  expect(await read.call('cursor', 'responses')).toBe(2)
  const outside = new DatabaseSync(store.file, { readOnly: true })
  expect(outside.prepare('SELECT consumer, seq FROM quarantine').all()).toEqual([{ consumer: 'responses', seq: 1 }])
  outside.close()
  await store.close()
})

test('the report is of what was received from `from` and before `to`, of one mode, of one site or all; too much is told', async () => {
  const desk = await openDesk(temporaryDirectory())
  await desk.press('button-1', 'p-1')
  await desk.press('button-2', 'p-2', { mode: 'test' })
  await desk.passed(2)
  const alarms = await desk.alarms()
  for (const { id } of alarms) {
    await desk.desk.act(id, { name: 'acknowledge', by: '王' }, 'centre')
    await desk.desk.act(id, { name: 'close', by: '王', disposition: 'real' }, 'centre')
  }
  const receivedAt = Date.parse(alarms[0]!.receivedAt)
  const ask = async (query: object) => {
    const all = { from: receivedAt, to: receivedAt + 1, mode: 'actual', limit: 10 } as const
    const report = await desk.database.lists.call('responseReport', { ...all, ...query })
    return report?.items.map(item => [item.site, item.alarms])
  }
  expect(await ask({})).toEqual([['school-01', 1]])
  expect(await ask({ to: receivedAt })).toEqual([])
  expect(await ask({ from: receivedAt + 1, to: receivedAt + 10_000 })).toEqual([])
  expect(await ask({ site: 'school-01' })).toEqual([['school-01', 1]])
  expect(await ask({ site: 'school-02' })).toEqual([])
  expect(await ask({ mode: 'test', to: receivedAt + 10_000 })).toEqual([['school-01', 1]])
  expect(await ask({ limit: 1 })).toEqual([['school-01', 1]])
  expect(await ask({ limit: 0 })).toBeUndefined()
  await desk.close()
})

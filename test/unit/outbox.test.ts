import { expect, test } from 'vitest'
import type { Message } from '../../gateway/alarms/message.ts'
import { Outbox } from '../../gateway/alarms/outbox.ts'
import { silentLog } from '../../gateway/log.ts'
import { until } from '../helpers/until.ts'

const message = (id: string, endpoints = ['centre']): Message => ({
  id,
  type: 'device.silent',
  subject: 'button-1',
  createdAt: 0,
  body: '{}',
  endpoints,
})

/** A disk that fails as often as it is told to. */
function stand(failures: number) {
  const stored: string[] = []
  const due: string[] = []
  let left = failures
  const outbox = new Outbox<string>({
    store: async ({ id }) => {
      if (left-- > 0) throw new Error('disk I/O error')
      stored.push(id)
      return [id]
    },
    onDue: list => due.push(...list),
    log: silentLog,
  })
  return { outbox, stored, due }
}

test('messages go to disk in their order, and again until it takes them', async () => {
  const { outbox, stored, due } = stand(1)
  for (const id of ['a', 'b', 'c']) outbox.say(message(id))
  await until(() => due.length === 3, 'all of them')
  expect([stored, due]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ])
  outbox.say(message('d'))
  await outbox.stop()
  expect(due).toEqual(['a', 'b', 'c', 'd'])
})

test('a message for nobody is left out', async () => {
  const { outbox, stored } = stand(0)
  outbox.say(message('a', []))
  await outbox.stop()
  expect(stored).toEqual([])
})

test('stopping does not wait for a disk that takes nothing', async () => {
  const { outbox, stored } = stand(Number.POSITIVE_INFINITY)
  outbox.say(message('a'))
  await outbox.stop()
  expect(stored).toEqual([])
})

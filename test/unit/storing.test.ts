import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { silentLog } from '../../gateway/log.ts'
import type { AppendBatch } from '../../gateway/sqlite/append-batch.ts'
import { startStoring } from '../../gateway/wiring/storing.ts'
import { accepted } from '../contract/journal-suite.ts'
import { panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

/** Who is told of presses that wait for the disk; the disk is the test, and so is the time. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function stand() {
  const told: string[] = []
  let waiting: (() => void)[] = []
  let seq = 0
  const append = (_name: string, { count }: AppendBatch) =>
    new Promise(resolve =>
      waiting.push(() => {
        const seqs = Float64Array.from({ length: count }, () => ++seq)
        resolve({ seqs, results: new Uint8Array(count), workMs: 1 })
      }),
    )
  const nobody = { site: () => undefined, device: () => undefined }
  const storing = startStoring({
    dir: temporaryDirectory(),
    database: { write: { call: append }, trouble: () => undefined, onHealth: () => {} },
    inForce: { targets: [], endpointIds: () => [], registry: nobody },
    counts: { stored: 0, duplicate: 0, rejected: 0 },
    onEvent: () => {},
    onAlarm: () => storing.journal.passed(seq),
    onStored: () => {},
    onHeard: () => {},
    say: () => {},
    clock: () => 0,
    newId: () => 'id',
    log: Object.assign(Object.create(silentLog), {
      error: (fault: { code: string; subject: string }) =>
        void (fault.code === 'alarm-unstored' && told.push(fault.subject)),
    }),
    onLost: () => {},
  } as unknown as Parameters<typeof startStoring>[0])
  onTestFinished(() => storing.disk.stop())
  const press = (device: string) =>
    storing.room.append(
      accepted(device, { device, kind: 'alarm', payload: new TextEncoder().encode(JSON.stringify(panic(device))) }),
      () => {},
    )
  /** Until nobody waits for the disk. */
  const commit = async () => {
    do {
      await turn()
      const due = waiting
      waiting = []
      for (const answer of due) answer()
      await turn()
    } while (waiting.length > 0 || storing.journal.queued > 0)
  }
  return { storing, told, press, commit }
}

test('a press that is stored is told as nothing else, though its answer waits behind what is kept back', async () => {
  const { storing, told, press, commit } = stand()
  storing.room.level = 'tight'
  let pubacked = false
  storing.room.append(accepted('e-1', { device: 'button', kind: 'access' }), () => {
    pubacked = true
  })
  press('button')
  await commit()
  expect(pubacked).toBe(false)
  vi.advanceTimersByTime(4000)
  expect(told).toEqual([])
  expect([...storing.room.waitingAlarms()]).toEqual([])
})

test('each press that waits long is told once, and the thousand before it are forgotten once they are stored', async () => {
  const { told, press, commit } = stand()
  for (let n = 0; n < 1000; n++) press(`button-${n}`)
  await turn()
  vi.advanceTimersByTime(4000)
  expect(told).toHaveLength(1000)
  vi.advanceTimersByTime(900)
  await commit()
  vi.advanceTimersByTime(1000)
  press('late')
  await turn()
  vi.advanceTimersByTime(4000)
  expect(told.slice(1000)).toEqual(['late'])
  await commit()
})

import { setTimeout as after } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { watchEventLoop } from '../../gateway/event-loop.ts'
import { until } from '../helpers/until.ts'

test('a main thread that was blocked shows in the delay, and its log says so once in a while', async () => {
  const lines: { msg: string; times: number; worstMs: number }[] = []
  const watch = watchEventLoop(pino({ base: null }, { write: text => void lines.push(JSON.parse(text)) }))
  const block = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  }
  await after(120)
  watch.delay()
  // After a reset the histogram takes its first look as its beginning.
  await after(100)
  block(600)
  await until(() => lines.length > 0, 'the warning')
  expect(lines[0]).toMatchObject({ msg: 'event-loop.blocked', times: 1 })
  expect(lines[0]?.worstMs).toBeGreaterThan(250)
  const { p50, p99, max } = watch.delay()
  expect(max).toBeGreaterThan(0.3)
  expect(p50).toBeLessThanOrEqual(p99)
  expect(p99).toBeLessThanOrEqual(max)
  block(600)
  await after(250)
  expect(lines).toHaveLength(1)
  watch.stop()
})

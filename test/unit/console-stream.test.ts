import { describe, expect, test, vi } from 'vitest'
import { ApiError } from '../../gateway/console/app/api.ts'
import { createLive, type LiveEvent } from '../../gateway/console/app/live.ts'
import { newer, withPresence } from '../../gateway/console/app/merge.ts'
import { createOffset } from '../../gateway/console/app/offset.ts'
import { createSseParser } from '../../gateway/console/app/sse.ts'
import type { DeviceView } from '../../schemas/api.ts'
import { alarmOf, line } from './console-alarm.ts'

describe('server-sent events', () => {
  const text = 'retry: 2000\n\n:\n\nid: 7-1\nevent: alarm\ndata: {"a":"第一"}\n\nevent: counters\ndata: 1\ndata: 2\n\n'
  const wanted = [
    { name: 'alarm', data: '{"a":"第一"}', id: '7-1' },
    // The id stays: it is the last event that had one.
    { name: 'counters', data: '1\n2', id: '7-1' },
  ]

  test.each(['\n', '\r\n', '\r'])('come whole, whatever pieces they come in, with line ends %j', end => {
    const whole = text.replaceAll('\n', end)
    for (let size = 1; size <= whole.length; size++) {
      const parse = createSseParser()
      const events = []
      for (let at = 0; at < whole.length; at += size) events.push(...parse(whole.slice(at, at + size)))
      // A bare CR at the very end may be half of a CRLF; the next piece shows.
      events.push(...parse(':'))
      expect(events, `pieces of ${size}`).toEqual(wanted)
    }
  })

  test('half an event is no event, and one without end is refused', () => {
    const parse = createSseParser()
    expect(parse('event: alarm\ndata: {}\n')).toEqual([])
    expect(() => parse('x'.repeat(32_000_001))).toThrow('no end')
  })
})

describe('what is newer', () => {
  const early = alarmOf()
  const later = alarmOf({ stage: 'acknowledged', history: [...early.history, line(20, 'acknowledged')] })
  test('a list that was asked for before a step does not undo it', () => {
    expect(newer(later, early)).toBe(later)
    expect(newer(early, later)).toBe(later)
    expect(newer(undefined, early)).toBe(early)
  })
  test('within a stage the last line decides; the same again replaces', () => {
    const pressed = alarmOf({ history: [...early.history, line(9, 'pressed')] })
    expect(newer(pressed, early)).toBe(pressed)
    const same = alarmOf()
    expect(newer(early, same)).toBe(same)
  })
  test('a device comes and goes; one that is not known changes nothing', () => {
    const devices = [{ id: 'a', presence: 'online' }] as DeviceView[]
    expect(withPresence(devices, { device: 'a', presence: 'silent' })).toEqual([{ id: 'a', presence: 'silent' }])
    expect(withPresence(devices, { device: 'b', presence: 'silent' })).toBe(devices)
  })
})

describe("the gateway's clock", () => {
  test('the answer that was under way the shortest is believed', () => {
    const offset = createOffset()
    offset.heard(10_000, 7_300)
    offset.heard(13_000, 10_050)
    expect(offset.ms()).toBe(2950)
    offset.heard(16_000, 13_200, 13_000)
    expect(offset.ms()).toBe(2950)
  })
  test('one that was set counts from then on', () => {
    const offset = createOffset()
    offset.heard(10_000, 5_000)
    offset.heard(3_000, 6_000)
    expect(offset.ms()).toBe(-3000)
  })
})

/** A gateway's stream by hand. */
const snapshot = 'id: 7-1\nevent: snapshot\ndata: {"alarms":[]}\n\n'
function createStand(isMute = false) {
  const lines: { lastId: string | undefined; signal: AbortSignal; say: (text: string) => void; cut: () => void }[] = []
  const heard: LiveEvent[] = []
  let refusal: ApiError | undefined
  let reads = 0
  let greeting = Promise.resolve()
  let tries = 0
  const live = createLive({
    api: {
      async stream(lastId, signal) {
        tries++
        if (refusal !== undefined) throw refusal
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
        const writer = writable.getWriter()
        signal.addEventListener('abort', () => void writer.abort(signal.reason).catch(() => {}))
        lines.push({
          lastId,
          signal,
          say: text => void writer.write(new TextEncoder().encode(text)).catch(() => {}),
          cut: () => void writer.close().catch(() => {}),
        })
        // As the gateway begins: of a new line with all that is open, else with what was missed, here nothing.
        lines.at(-1)!.say('retry: 2000\n\n')
        if (lastId === undefined && !isMute) lines.at(-1)!.say(snapshot)
        return new Response(readable)
      },
    },
    clock: { at: () => 1_000_000, own: () => 5 },
    onEvent: event => heard.push(event),
    greet: () => {
      reads++
      return greeting
    },
  })
  return {
    live,
    lines,
    heard,
    reads: () => reads,
    tries: () => tries,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      greeting = promise
      return resolve
    },
    refuse: (status: number) => {
      refusal = new ApiError(status, undefined, `HTTP ${status}`)
    },
    until: (check: () => boolean) => vi.waitUntil(check, { timeout: 10_000, interval: 5 }),
  }
}

describe('live', () => {
  test('after a break it goes on after the last event, asks who this is, and is live only then', async () => {
    const { live, lines, heard, reads, until } = createStand()
    live.start()
    await until(() => live.isLive())
    lines[0]!.say('id: 7-3\nevent: presence\ndata: {"device":"a","presence":"silent","at":""}\n\n')
    await until(() => heard.length === 2)
    lines[0]!.cut()
    await until(() => live.state.value.is === 'lost')
    expect(live.state.value).toEqual({ is: 'lost', since: 1_000_000 })
    await until(() => live.isLive())
    expect(lines.map(({ lastId }) => lastId)).toEqual([undefined, '7-3'])
    expect([reads(), live.round.value]).toEqual([2, 2])
    live.stop()
    expect(lines[1]!.signal.aborted).toBe(true)
  })

  test('it is live on the open alarms and the greeting, not on one of the two', async () => {
    const { live, lines, until, heard } = createStand(true)
    live.start()
    await until(() => lines.length === 1)
    lines[0]!.say('event: counters\ndata: {}\n\n')
    await until(() => heard.length === 1)
    expect(live.isLive()).toBe(false)
    lines[0]!.say(snapshot)
    await until(() => live.isLive())
    live.stop()
    const other = createStand()
    const late = other.hold()
    other.live.start()
    await other.until(() => other.heard.length === 1)
    expect(other.live.isLive()).toBe(false)
    late()
    await other.until(() => other.live.isLive())
    other.live.stop()
  })

  test('after a log-out nothing is known any more', async () => {
    const { live, until } = createStand()
    live.start()
    await until(() => live.isLive())
    expect(live.round.value).toBe(1)
    live.stop()
    expect([live.round.value, live.state.value]).toEqual([0, { is: 'connecting', since: undefined }])
  })

  test('a line that says nothing for 10 s is dead, whatever TCP believes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { live, lines } = createStand()
      live.start()
      await vi.advanceTimersByTimeAsync(9000)
      expect(live.isLive()).toBe(true)
      lines[0]!.say(':\n\n')
      await vi.advanceTimersByTimeAsync(9000)
      expect(live.isLive()).toBe(true)
      await vi.advanceTimersByTimeAsync(1100)
      expect(live.state.value.is).toBe('lost')
      expect(lines[0]!.signal.aborted).toBe(true)
      live.stop()
    } finally {
      vi.useRealTimers()
    }
  })

  test('it tries again, ever less often, and at once when hurried; a token that counts no more ends it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const stand = createStand()
      stand.refuse(503)
      stand.live.start()
      await vi.advanceTimersByTimeAsync(60_000)
      expect(stand.live.state.value.is).toBe('lost')
      // Soon at first, then every 5 s give or take.
      expect(stand.tries()).toBeGreaterThan(9)
      expect(stand.tries()).toBeLessThan(22)
      stand.refuse(401)
      stand.live.hurry()
      await vi.advanceTimersByTimeAsync(1)
      stand.live.hurry()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

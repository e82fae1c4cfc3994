import { type ReadonlySignal, signal } from '@preact/signals'
import type { StreamAlarm, StreamCounters, StreamPresence, StreamSnapshot } from '../../../schemas/stream.ts'
import { type Api, ApiError } from './api.ts'
import type { Clock } from './clock.ts'
import { createSseParser, type ServerEvent } from './sse.ts'

/**
 * What happens, as it happens. EventSource sends no Authorization header, so the stream is read by fetch. After a break it goes
 * on after the last event, or, where the gateway is a new one, begins with all open alarms. It is live once it holds those and the
 * gateway said who this is: a list that is slow (lists.ts) must not lock the steps of an alarm.
 */
export type LiveEvent =
  | { name: 'snapshot'; data: StreamSnapshot }
  | { name: 'alarm'; data: StreamAlarm }
  | { name: 'presence'; data: StreamPresence }
  | { name: 'counters'; data: StreamCounters }

/** `since`: gateway time, ms, at which it was last heard; undefined: not yet. */
export type LiveState = { is: 'live' } | { is: 'connecting' | 'lost'; since: number | undefined }

export type Live = {
  readonly state: ReadonlySignal<LiveState>
  readonly isLive: () => boolean
  /** How often it became live since the log-in: each time what was read before may be old. */
  readonly round: ReadonlySignal<number>
  start(): void
  stop(): void
  /** The network may be back: doesn't wait for the next try. */
  hurry(): void
}

/** Counters come every 3 s: three missed and the line is dead, whatever TCP believes. */
const silentMs = 10_000
const waitsMs = [300, 1000, 2000, 3000, 5000]

export function createLive(ports: {
  api: Pick<Api, 'stream'>
  clock: Pick<Clock, 'at' | 'own'>
  onEvent: (event: LiveEvent, heardAtOwnMs: number) => void
  /** Asks the gateway who this is and what time it has. */
  greet: (signal: AbortSignal) => Promise<void>
}): Live {
  const { api, clock, onEvent, greet } = ports
  const state = signal<LiveState>({ is: 'connecting', since: undefined })
  const round = signal(0)
  let running: AbortController | undefined
  let lastId: string | undefined
  let heardAt: number | undefined
  let wake: (() => void) | undefined

  async function run(stopped: AbortSignal): Promise<void> {
    for (let tries = 0; !stopped.aborted; tries++) {
      const line = new AbortController()
      const signal = AbortSignal.any([stopped, line.signal])
      try {
        await follow(signal, line, () => {
          tries = 0
        })
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return
      } finally {
        line.abort()
      }
      if (stopped.aborted) return
      state.value = { is: 'lost', since: heardAt }
      await pause(waitsMs[Math.min(tries, waitsMs.length - 1)]! * (0.75 + Math.random() / 2))
    }
  }

  /** One connection, until it breaks. */
  async function follow(signal: AbortSignal, line: AbortController, onLive: () => void): Promise<void> {
    let watch = setTimeout(() => line.abort(), silentMs)
    const heard = () => {
      clearTimeout(watch)
      watch = setTimeout(() => line.abort(), silentMs)
      heardAt = clock.at()
    }
    try {
      const response = await api.stream(lastId, signal)
      heard()
      const known = Promise.withResolvers<void>()
      const greeting = Promise.all([greet(signal), known.promise]).then(() => {
        if (signal.aborted) return
        state.value = { is: 'live' }
        round.value++
        onLive()
      })
      greeting.catch(() => line.abort())
      const parse = createSseParser()
      const decoder = new TextDecoder()
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        heard()
        for (const event of parse(decoder.decode(value, { stream: true }))) tell(event)
        // Of a new line the first event that has an id is the snapshot; on one that goes on, what was missed comes first.
        if (lastId !== undefined) known.resolve()
      }
    } finally {
      clearTimeout(watch)
    }
  }

  function tell({ name, data, id }: ServerEvent): void {
    if (name !== 'snapshot' && name !== 'alarm' && name !== 'presence' && name !== 'counters') return
    onEvent({ name, data: JSON.parse(data) } as LiveEvent, clock.own())
    // After it was taken: what failed is told again.
    if (id !== undefined) lastId = id
  }

  const pause = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    state,
    round,
    isLive: () => state.value.is === 'live',
    start() {
      if (running !== undefined) return
      running = new AbortController()
      state.value = { is: 'connecting', since: undefined }
      void run(running.signal)
    },
    stop() {
      running?.abort()
      running = undefined
      lastId = undefined
      heardAt = undefined
      // Of the next session nothing is known yet.
      round.value = 0
      state.value = { is: 'connecting', since: undefined }
      wake?.()
    },
    hurry: () => wake?.(),
  }
}

import type { Weather } from '../line.ts'
import { createRandom, type Random } from '../random.ts'

/** What is done to whom, and when. Pure: the same seed, length and targets give the same plan. */
export const servers = ['gateway', 'InfluxDB', 'receiver'] as const
export type ServerName = (typeof servers)[number]
/** The lines between: devices to gateway, gateway to InfluxDB, gateway to receiver. */
export const lines = ['devices’ line', 'InfluxDB’s line', 'receiver’s line'] as const
export type LineName = (typeof lines)[number]

export type Blow =
  /** SIGKILL, and started again after it. */
  | { on: ServerName; what: 'kill' }
  /** SIGSTOP, and SIGCONT after it. */
  | { on: ServerName; what: 'freeze' }
  | { on: LineName; what: Exclude<Weather['kind'], 'clear' | 'dark'>; weather: Weather }
  /** No byte is free on the gateway's disk. */
  | { on: 'disk'; what: 'fill' }
export type Planned = Blow & {
  /** Since the run began. */
  atMs: number
  forMs: number
}

/** Faults come in storms, with calm between: only in calm an alarm's 5 s can be held against anybody. */
const stormMs = 12_000
const calmMs = 18_000
const blowEveryMs = 1700
const pauseMs = 500

/**
 * Cards from a shuffled deck that holds each fault of each target once, so that all of them come before one comes twice.
 * Faults on one target follow each other; on different ones they overlap as they like. Without a disk to fill the rest of the
 * plan stays the same.
 */
export function planOf(options: { seed: string; durationMs: number; withDisk: boolean }): Planned[] {
  const { seed, durationMs, withDisk } = options
  const random = createRandom(seed, 'chaos')
  const plan: Planned[] = []
  let deck: Blow[] = []
  for (let startMs = Math.min(1000, durationMs / 10); startMs < durationMs; startMs += stormMs + calmMs) {
    const endMs = Math.min(startMs + stormMs, durationMs)
    const freeAt = new Map<string, number>()
    for (let blow = 0; blow < (endMs - startMs) / blowEveryMs; blow++) {
      if (deck.length === 0) deck = shuffled(cards(random), random)
      const card = deck.pop() as Blow
      const atMs = Math.max(startMs + random.int(0, endMs - startMs), freeAt.get(card.on) ?? 0)
      if (atMs > endMs) {
        deck.unshift(card) // its target has no time left in this storm: it comes in a later one
        continue
      }
      const forMs = Math.min(random.int(...lastsMs[card.what]), Math.max(300, durationMs / 4))
      freeAt.set(card.on, atMs + forMs + pauseMs)
      if (card.on !== 'disk' || withDisk) plan.push({ ...card, atMs: Math.round(atMs), forMs: Math.round(forMs) })
    }
  }
  return plan.sort((one, other) => one.atMs - other.atMs)
}

/** From and to, ms. */
const lastsMs: Readonly<Record<Blow['what'], [number, number]>> = {
  kill: [0, 3000],
  freeze: [300, 5000],
  latency: [2000, 8000],
  bandwidth: [2000, 8000],
  stall: [300, 4000],
  cut: [500, 5000],
  'half-open': [500, 5000],
  drops: [1000, 6000],
  reset: [100, 3000],
  fill: [1000, 5000],
}

function cards(random: Random): Blow[] {
  const weathers = (): Weather[] => [
    { kind: 'latency', ms: random.int(20, 250) },
    { kind: 'bandwidth', bytesPerS: random.int(32, 256) * 1024 },
    ...(['stall', 'cut', 'half-open', 'reset'] as const).map(kind => ({ kind })),
    { kind: 'drops', every: random.int(5, 50) },
  ]
  return [
    ...servers.flatMap(on => [{ on, what: 'kill' } as const, { on, what: 'freeze' } as const]),
    // The gateway is what is being tried: it dies more often than its neighbours.
    { on: 'gateway', what: 'kill' },
    ...lines.flatMap(on => weathers().map(weather => ({ on, what: weather.kind, weather }) as Blow)),
    { on: 'disk', what: 'fill' },
  ]
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list]
  return list.map(() => left.splice(random.int(0, left.length - 1), 1)[0] as T)
}

/** Does an alarm's way lead over it, and is it gone meanwhile? Then its deadline doesn't count. */
export const hindersAlarms = ({ on, what }: Blow): boolean =>
  on !== 'InfluxDB' && on !== 'InfluxDB’s line' && what !== 'latency' && what !== 'bandwidth'

export const blowText = (blow: Blow): string => {
  const { weather } = blow as { weather?: Weather }
  const how =
    weather?.kind === 'latency'
      ? ` ${weather.ms} ms`
      : weather?.kind === 'bandwidth'
        ? ` ${Math.round(weather.bytesPerS / 1024)} KiB/s`
        : weather?.kind === 'drops'
          ? ` 1 of ${weather.every}`
          : ''
  return `${blow.what}${how}`
}

import type { RecentEvent } from '../../schemas/alarm.ts'
import type { Kind } from '../../schemas/events/kinds.ts'
import { iso } from '../clock.ts'

/**
 * The last events of each site, for an alarm's context (contract 5). Kept in memory, so that an alarm doesn't wait for a
 * question to the disk; empty after a restart until `add` was called with what the journal's end holds.
 */
export type Recent = {
  seq: number
  device: string
  kind: Kind
  at: number
  receivedAt: number
  payload: Uint8Array | string
}

const eventsTold = 20
/** More than are told: while the desk decides on an alarm others come after it, and push out what came before. */
const eventsPerSite = 200
const agedMs = 10 * 60_000
/**
 * A larger payload is told by kind and time only and not kept: an alarm's body stays under 20 kB, and 20 payloads of 64 KiB
 * per site would fill the memory.
 */
const maxPayloadBytes = 2000
const unkept = ''

export class RecentEvents {
  readonly #sites = new Map<string, { ring: Recent[]; next: number }>()
  readonly #summary: (kind: Kind, payload: string, seq: number) => RecentEvent['summary']

  constructor(summary: (kind: Kind, payload: string, seq: number) => RecentEvent['summary']) {
    this.#summary = summary
  }

  add(site: string, event: Recent): void {
    if (event.kind === 'heartbeat' || event.kind === 'status') return
    let kept = this.#sites.get(site)
    if (kept === undefined) {
      kept = { ring: [], next: 0 }
      this.#sites.set(site, kept)
    }
    kept.ring[kept.next] = event.payload.length > maxPayloadBytes ? { ...event, payload: unkept } : event
    kept.next = (kept.next + 1) % eventsPerSite
  }

  /** Newest first, without the event `before` itself and what came after it. */
  of(site: string, before: number, now: number): RecentEvent[] {
    const ring = this.#sites.get(site)?.ring ?? []
    return ring
      .filter(event => event.seq < before && event.receivedAt >= now - agedMs)
      .sort((one, other) => other.seq - one.seq)
      .slice(0, eventsTold)
      .map(event => ({
        seq: event.seq,
        device: event.device,
        kind: event.kind,
        at: iso(event.at),
        summary: this.#summaryOf(event),
      }))
  }

  /** Context is never worth an alarm: where an entry can't be read, the alarm is raised without its summary. */
  #summaryOf({ kind, payload, seq }: Recent): RecentEvent['summary'] {
    if (payload === unkept) return {}
    try {
      return this.#summary(kind, textOf(payload), seq)
    } catch {
      return {}
    }
  }
}

export const textOf = (payload: Uint8Array | string): string =>
  typeof payload === 'string'
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8')

/** What of a masked event goes into an alarm's context: flat and short, since a telemetry event may have 32 metrics. */
export function summarize(masked: Record<string, unknown>): RecentEvent['summary'] {
  const flat = Object.entries(masked).flatMap(([name, value]) =>
    name === 'metrics' ? Object.entries(value as Record<string, number>).slice(0, 8) : [[name, value] as const],
  )
  return Object.fromEntries(
    flat.filter((pair): pair is [string, string | number | boolean] =>
      ['string', 'number', 'boolean'].includes(typeof pair[1]),
    ),
  )
}

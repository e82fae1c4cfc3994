import type { HistoryLine } from '../../schemas/alarm.ts'

/** What the outside knows: what was said and pubacked, what people were answered, when there was trouble. Held against the gateway's disk. */
export type Said = {
  device: string
  id: string
  kind: 'access' | 'alarm'
  /** Of an alarm event. */
  state: 'raised' | 'restored' | undefined
  isValid: boolean
  /** InfluxDB never takes it. */
  isPoison: boolean
  /** A gateway of before refused it: it is in the journal once it was replayed. */
  isStrict: boolean
  isPubacked: boolean
  /** When it came to the gateway: by the gateway's clock and by the universe's. */
  arrivals: { gatewayMs: number; at: number }[]
  /** Its number, as the gateway told its device, and as it was found on disk. */
  toldSeq: number | undefined
  seq: number | undefined
  isRaised: boolean
}
export type Asked = {
  alarm: string
  by: string
  key: string
  what: HistoryLine['what']
  answer: 'done' | 'refused' | undefined
}

/** A promise that was broken. `about`: whose lines of the trace tell of it. */
export class Broken extends Error {
  readonly about: readonly string[]
  constructor(message: string, about: readonly string[]) {
    super(message)
    this.about = about
  }
}

export class Ledger {
  readonly said = new Map<string, Said>()
  readonly asked: Asked[] = []
  /** When the universe's clock showed what, of each step that the gateway told of after it was on disk. */
  readonly stepped = new Map<string, { line: HistoryLine; at: number }[]>()
  /** While the gateway was down, or its disk sick or slow, or its clock being set: nothing may be expected in time. */
  readonly troubles: { from: number; to: number }[] = []
  /** When a clock had been set and no process lived that could follow. */
  readonly lostTime: number[] = []
  /** By how much the gateway's clock was set, and since when. */
  readonly shown = [{ since: 0, byMs: 0 }]
  /** Of alarms: from then on nothing of it is told but that. */
  readonly closedAt = new Map<string, number>()
  readonly broken: Broken[] = []

  fail(message: string, ...about: string[]): void {
    this.broken.push(new Broken(message, about))
  }

  /** A clock was set while nobody could follow: what was planned before is at another time since. */
  wasReset(since: number): boolean {
    return this.lostTime.some(at => at >= since - 1000)
  }

  trouble(from: number, to: number): void {
    this.troubles.push({ from, to })
  }

  /** The end of the last trouble that touches this time; undefined: all was well. */
  troubledUntil(from: number, to: number): number | undefined {
    let until: number | undefined
    for (const trouble of this.troubles)
      if (trouble.from <= to && trouble.to >= from) until = Math.max(until ?? 0, trouble.to)
    return until
  }
}

export const keyOf = (device: string, id: string): string => `${device} ${id}`

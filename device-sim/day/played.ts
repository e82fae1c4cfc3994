import type { Totals } from '../meter.ts'

/** What came of a day that was played. */
export type Played = Totals & {
  /** Pubacked late, from a device's own store. */
  buffered: number
  /** Broken ones that were pubacked, and acks that rejected one: a repeat is rejected again, an ack may be lost with its connection. */
  malformed: number
  rejected: number
  /** Acks that said the contrary of what had to be: a good one rejected, a broken one stored. */
  misjudged: number
  /** Due and never sent, as their devices were not connected or too slow: at least so many, for a device draws no further. */
  notSent: number
  /** Lines of the recording that were no event. */
  unreadable: number
  connections: { connected: number; of: number }
  stopped: boolean
}

/** What must not be. Empty: all that was said is on the gateway's disk. Pure. */
export function failuresOf(played: Played): string[] {
  const { published, pubacked, notSent, connections, misjudged, unreadable, stopped } = played
  const away = connections.of - connections.connected
  return [
    ...(published > pubacked ? [`${published - pubacked} events have no puback`] : []),
    ...(notSent > 0 && !stopped ? [`at least ${notSent} events were due and could not be sent`] : []),
    ...(away > 0 && !stopped ? [`${away} of ${connections.of} devices are not connected`] : []),
    ...(misjudged > 0 ? [`${misjudged} events were good and rejected, or malformed and stored`] : []),
    ...(unreadable > 0 ? [`${unreadable} lines of the recording were left out`] : []),
  ]
}

export function playedText(name: string, played: Played): string {
  const { buffered, malformed, rejected } = played
  const failures = failuresOf(played)
  return [
    ...(buffered > 0 ? [`buffered     ${buffered}: sent late, from the devices' own stores`] : []),
    ...(malformed > 0 ? [`malformed    ${malformed}, and ${rejected} acks that rejected one`] : []),
    failures.length === 0
      ? `${name}: nothing was lost`
      : [`${name} did not go as it must:`, ...failures.map(failure => `  - ${failure}`)].join('\n'),
  ].join('\n')
}

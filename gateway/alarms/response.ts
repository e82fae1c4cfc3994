import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'

/**
 * How long each leg of a closed alarm's response took, ms; null: it was left out. Deliver, acknowledge and close count from when
 * the gateway received the press; dispatch from acknowledge and arrive from dispatch, each clocked apart (domain.md).
 */
export type Legs = {
  deliverMs: number | null
  acknowledgeMs: number | null
  dispatchMs: number | null
  arriveMs: number | null
  closeMs: number | null
}

export function legsOf({ receivedAt, history }: Alarm): Legs {
  const at = (what: HistoryLine['what']) => history.find(line => line.what === what)?.at
  const between = (from: string | undefined, to: string | undefined) =>
    from === undefined || to === undefined ? null : Math.max(0, Date.parse(to) - Date.parse(from))
  return {
    deliverMs: between(receivedAt, at('delivered')),
    acknowledgeMs: between(receivedAt, at('acknowledged')),
    dispatchMs: between(at('acknowledged'), at('dispatched')),
    arriveMs: between(at('dispatched'), at('arrived')),
    closeMs: between(receivedAt, at('closed')),
  }
}

import type { DeliveryView } from '../../../../schemas/api.ts'

/** Where a delivery stands, as a row says it. Pure; times in ms. */
export type Outcome =
  | { is: 'due' }
  | { is: 'waiting'; forMs: number }
  | { is: 'delivered'; at: string; tookMs: number }
  | { is: 'over' }

export function outcomeOf(
  delivery: Pick<DeliveryView, 'state' | 'createdAt' | 'nextAttemptAt' | 'deliveredAt'>,
  now: number,
): Outcome {
  const { state, createdAt, nextAttemptAt, deliveredAt } = delivery
  if (deliveredAt !== null)
    return { is: 'delivered', at: deliveredAt, tookMs: Date.parse(deliveredAt) - Date.parse(createdAt) }
  if (state !== 'pending') return { is: 'over' }
  const forMs = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now
  return forMs > 0 ? { is: 'waiting', forMs } : { is: 'due' }
}

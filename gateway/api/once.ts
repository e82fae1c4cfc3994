import { createHash } from 'node:crypto'
import type { Receipt } from '../alarms/action.ts'
import { OperationalError } from '../errors.ts'

/**
 * `Idempotency-Key`: what a caller asks for twice under one key is done once. What was done left a receipt on disk, in the
 * transaction that did it; here is only what is under way, so a restart forgets nothing that counts.
 */
export type ReceiptsPort = {
  receipt(of: { caller: string; key: string }): Promise<{ request: string; answer: string } | undefined>
}
/** `answer`: as the receipt holds it; absent where nothing was done. */
export type Done<T> = { done: T; answer?: string }
/** `other`: the key stands for another request already. */
export type Once<T> = Done<T> | { replayed: string } | 'other'

const maxUnderWay = 1000

/** Which request a key stands for. Of the body it holds a digest only. */
export const requestOf = (method: string, path: string, body: unknown): string =>
  `${method} ${path} ${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}`

export function createOnce<T>(receipts: ReceiptsPort) {
  const underWay = new Map<string, { request: string; run: Promise<Once<T>> }>()

  async function first(receipt: Receipt, work: () => Promise<Done<T>>): Promise<Once<T>> {
    const found = await receipts.receipt(receipt)
    if (found === undefined) return await work()
    return found.request === receipt.request ? { replayed: found.answer } : 'other'
  }

  return async (receipt: Receipt, work: () => Promise<Done<T>>): Promise<Once<T>> => {
    const place = `${receipt.key} ${receipt.caller}`
    const same = underWay.get(place)
    if (same !== undefined) {
      if (same.request !== receipt.request) return 'other'
      const result = await same.run
      return result !== 'other' && 'answer' in result ? { replayed: result.answer as string } : result
    }
    if (underWay.size >= maxUnderWay)
      throw new OperationalError('http-busy', `${maxUnderWay} requests with a key are under way`, { retryable: true })
    const run = first(receipt, work).finally(() => underWay.delete(place))
    underWay.set(place, { request: receipt.request, run })
    return await run
  }
}

import type { Kind } from '../../schemas/events/kinds.ts'
import type { SiteKind } from '../../schemas/registry.ts'
import type { Publish } from '../journal/journal.ts'

/**
 * Publishes on their way to the storage thread. A message between threads costs by the object, so a batch is a few arrays
 * and one buffer that changes hands instead of an object each.
 */
export type AppendBatch = {
  sites: string[]
  siteKinds: SiteKind[]
  devices: string[]
  /** null: a rejection. */
  kinds: (Kind | null)[]
  ids: (string | null)[]
  /** Of rejections only, in their order: topic, reason. */
  rejected: string[]
  receivedAt: Float64Array
  at: Float64Array
  /** NaN: none. */
  skewMs: Float64Array
  payloadEnds: Uint32Array
  payloads: Uint8Array
}

/** `seqs` and `results` stand in the batch's order; a result is an index of `results` below. */
export type AppendResult = { seqs: Float64Array; results: Uint8Array }
export const results = ['stored', 'duplicate', 'rejected'] as const

export function packBatch(publishes: readonly Publish[], payloadBytes: number): AppendBatch {
  const count = publishes.length
  const batch: AppendBatch = {
    sites: new Array(count),
    siteKinds: new Array(count),
    devices: new Array(count),
    kinds: new Array(count),
    ids: new Array(count),
    rejected: [],
    receivedAt: new Float64Array(count),
    at: new Float64Array(count),
    skewMs: new Float64Array(count),
    payloadEnds: new Uint32Array(count),
    payloads: new Uint8Array(payloadBytes),
  }
  let end = 0
  for (let index = 0; index < count; index++) {
    const publish = publishes[index] as Publish
    batch.sites[index] = publish.site
    batch.siteKinds[index] = publish.siteKind
    batch.devices[index] = publish.device
    batch.receivedAt[index] = publish.receivedAt
    batch.payloads.set(publish.payload, end)
    end += publish.payload.byteLength
    batch.payloadEnds[index] = end
    if ('reason' in publish) {
      batch.kinds[index] = null
      batch.ids[index] = null
      batch.rejected.push(publish.topic, publish.reason)
    } else {
      batch.kinds[index] = publish.kind
      batch.ids[index] = publish.id
      batch.at[index] = publish.at
      batch.skewMs[index] = publish.skewMs ?? Number.NaN
    }
  }
  return batch
}

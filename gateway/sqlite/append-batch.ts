import type { SiteKind } from '../../schemas/registry.ts'
import type { Publish } from '../journal/journal.ts'
import { codeOfKind } from './kinds.ts'

/**
 * Publishes on their way to the storage thread. A message between threads costs by the object, so a batch is a few columns
 * and one buffer instead of an object each; devices, few and often the same, stand once and are told by their place.
 */
export type AppendBatch = {
  count: number
  devices: Origin[]
  /** Place in `devices`. */
  device: Uint16Array
  /** sqlite/kinds.ts; 0: a rejection. */
  kinds: Uint8Array
  ids: (string | null)[]
  /** Of rejections only, in their order: topic, reason. */
  rejected: string[]
  receivedAt: Float64Array
  at: Float64Array
  /** NaN: none. */
  skewMs: Float64Array
  payloadEnds: Uint32Array
  payloads: Uint8Array<ArrayBuffer>
}
export type Origin = { device: string; site: string; siteKind: SiteKind }

/** `seqs` and `results` stand in the batch's order; a result is an index of `results` below. `workMs`: without the commit. */
export type AppendResult = { seqs: Float64Array; results: Uint8Array; workMs: number }
export const results = ['stored', 'duplicate', 'rejected'] as const

export const maxBatch = 1024
const maxBatchBytes = 1_048_576
const rejection = 0

/** Gathers a batch. Each payload is copied straight to its place: what is handed over is one buffer, and the caller keeps its own. */
export class BatchBuilder {
  #count = 0
  /** Which batch it is, so that a place of an earlier one isn't taken for one of this. */
  #batch = 1
  #devices: Origin[] = []
  readonly #device = new Uint16Array(maxBatch)
  readonly #kinds = new Uint8Array(maxBatch)
  #ids: (string | null)[] = []
  #rejected: string[] = []
  readonly #receivedAt = new Float64Array(maxBatch)
  readonly #at = new Float64Array(maxBatch)
  readonly #skewMs = new Float64Array(maxBatch)
  readonly #payloadEnds = new Uint32Array(maxBatch)
  #payloads = new Uint8Array(maxBatchBytes)
  #end = 0

  get count(): number {
    return this.#count
  }

  /** No more should be added: take it. */
  get isFull(): boolean {
    return this.#count === maxBatch || this.#end >= maxBatchBytes
  }

  /** `sender`: where the device's place in this batch is remembered. */
  add(publish: Publish, sender: { batch: number; place: number }): void {
    const index = this.#count++
    this.#device[index] = this.#placeOf(publish, sender)
    this.#receivedAt[index] = publish.receivedAt
    if ('reason' in publish) {
      this.#kinds[index] = rejection
      this.#ids.push(null)
      this.#rejected.push(publish.topic, publish.reason)
    } else {
      this.#kinds[index] = codeOfKind(publish.kind)
      this.#ids.push(publish.id)
      this.#at[index] = publish.at
      this.#skewMs[index] = publish.skewMs ?? Number.NaN
    }
    const { payload } = publish
    this.#makeRoom(payload.byteLength)
    this.#payloads.set(payload, this.#end)
    this.#end += payload.byteLength
    this.#payloadEnds[index] = this.#end
  }

  /** The batch so far; begins the next one. */
  take(): AppendBatch {
    const count = this.#count
    const batch: AppendBatch = {
      count,
      devices: this.#devices,
      device: this.#device.slice(0, count),
      kinds: this.#kinds.slice(0, count),
      ids: this.#ids,
      rejected: this.#rejected,
      receivedAt: this.#receivedAt.slice(0, count),
      at: this.#at.slice(0, count),
      skewMs: this.#skewMs.slice(0, count),
      payloadEnds: this.#payloadEnds.slice(0, count),
      payloads: this.#payloads.slice(0, this.#end),
    }
    this.#count = 0
    this.#end = 0
    this.#batch++
    this.#devices = []
    this.#ids = []
    this.#rejected = []
    return batch
  }

  /** By device and site: one that was moved between two publishes of a batch has two places. */
  #placeOf({ device, site, siteKind }: Publish, sender: { batch: number; place: number }): number {
    if (sender.batch === this.#batch && this.#devices[sender.place]?.site === site) return sender.place
    sender.batch = this.#batch
    sender.place = this.#devices.push({ device, site, siteKind }) - 1
    return sender.place
  }

  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#payloads.byteLength) return
    const larger = new Uint8Array(2 * (this.#end + bytes))
    larger.set(this.#payloads.subarray(0, this.#end))
    this.#payloads = larger
  }
}

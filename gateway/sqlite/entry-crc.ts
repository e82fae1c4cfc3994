import { crc32 } from 'node:zlib'

/** An entry's columns as they stand on disk: numbers for site, device and kind. */
export type EntryColumns = {
  seq: number
  receivedAt: number
  at: number
  skewMs: number | null
  site: number
  device: number
  kind: number
  id: string | null
  /** Its bytes, or the text they are in UTF-8: both give the same sum. */
  payload: string | Uint8Array
}
export type EntryCrc = (entry: EntryColumns) => number

const numbers = 7

/**
 * The check sum of an entry over everything that a row says. Whoever changes a row writes it anew. Each call of `createEntryCrc`
 * has a scratch of its own, since the sum is made once per event: measured, 0.5 µs for a payload of 200 bytes.
 */
export function createEntryCrc(): EntryCrc {
  const scratch = new Float64Array(numbers)
  const bytes = new Uint8Array(scratch.buffer)
  return ({ seq, receivedAt, at, skewMs, site, device, kind, id, payload }) => {
    scratch[0] = seq
    scratch[1] = receivedAt
    scratch[2] = at
    scratch[3] = skewMs ?? 0
    scratch[4] = site
    scratch[5] = device
    // What is null and what is empty or zero are two things.
    scratch[6] = kind + (skewMs === null ? 0 : 256) + (id === null ? 0 : 512)
    const sum = crc32(bytes)
    return crc32(payload, id === null ? sum : crc32(id, sum))
  }
}

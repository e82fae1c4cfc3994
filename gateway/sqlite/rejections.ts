import type { DatabaseSync } from 'node:sqlite'
import { allowanceFor } from './rejection-allowance.ts'

/** A device's rejections beyond this many push out its oldest ones; they stay counted (design decision 11). */
const keptPerDevice = 1000
/**
 * All devices' rejections on disk, a payload with 1 KiB for the rest of its row. Beyond it the oldest go: a device has some MiB a minute
 * at most (rejection-allowance.ts), so that one device needs most of an hour to push out another's.
 */
const maxBytes = 256 * 1024 * 1024
const goneAtOnce = 16

export type Rejection = {
  seq: number
  receivedAt: number
  site: string
  device: string
  topic: string
  reason: string
  payload: Uint8Array
}

/** What is kept of rejections, so that no flood of them fills the disk or takes the storage thread's time. */
export function rejectionKeeper(db: DatabaseSync, bytesLimit = maxBytes) {
  const insert = db.prepare(
    'INSERT INTO rejection (seq, received_ms, site, device, topic, reason, payload) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const trimDevice = db.prepare(
    'DELETE FROM rejection WHERE seq = (SELECT seq FROM rejection WHERE device = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)',
  )
  const size = db.prepare('SELECT bytes FROM rejections_size')
  const trimAll = db.prepare('DELETE FROM rejection WHERE seq IN (SELECT seq FROM rejection ORDER BY seq LIMIT ?)')
  const allowance = allowanceFor()

  return {
    /** False: it is counted only, as the device has had too many this minute. */
    keep({ seq, receivedAt, site, device, topic, reason, payload }: Rejection): boolean {
      if (!allowance(device, payload.byteLength, receivedAt)) return false
      insert.run(seq, receivedAt, site, device, topic, reason, payload)
      trimDevice.run(device, keptPerDevice)
      return true
    },
    /** After some were kept, in the same transaction. */
    trim(): void {
      while ((size.get() as { bytes: number }).bytes > bytesLimit) trimAll.run(goneAtOnce)
    },
  }
}

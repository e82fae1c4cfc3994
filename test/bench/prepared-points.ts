import { InfluxDB } from 'influx'
import { toPoint } from '../../gateway/influx/points.ts'
import { createMasking } from '../../gateway/journal/versions.ts'
import { database } from './influx-points.ts'
import { seededAt, seededEvent } from './journal-seed.ts'

/**
 * The `influx` package by itself: the points that the gateway would write, made beforehand, in batches as large as the
 * gateway's and as many at a time. Prints how long the writing took, in ms; ends with its standard input.
 */
const [url, countText] = process.argv.slice(2) as [string, string]
const count = Number(countText)
const batchSize = 5000
const atOnce = 2

const masking = createMasking([{ version: 1, fromSeq: 1, key: Buffer.from('key-of-the-tests') }]).current
const now = Date.now()
const points = Array.from({ length: count }, (_, index) => {
  const at = seededAt(index, count, now)
  const { site, device, id, payload } = seededEvent(index, at)
  const entry = {
    seq: index + 1,
    receivedAt: at,
    at,
    skewMs: null,
    site,
    siteKind: 'school' as const,
    device,
    id,
    payload,
  }
  const point = toPoint({ ...entry, kind: 'access' }, masking)
  if (point === null) throw new Error('an access event has a point')
  return point
})

const { hostname, port } = new URL(url)
const influx = new InfluxDB({ host: hostname, port: Number(port), database })
let next = 0
async function write(): Promise<void> {
  while (next < count) {
    const batch = points.slice(next, next + batchSize)
    next += batchSize
    await influx.writePoints(batch, { precision: 'n' })
  }
}
const started = performance.now()
await Promise.all(Array.from({ length: atOnce }, write))
console.log(Math.round(performance.now() - started))
process.stdin.on('end', () => process.exit(0)).resume()

import { createHistogram, type Histogram } from './histogram.ts'

/** What the fleet has done so far, and how long the gateway took to puback. */
export type Meter = {
  /** From here on the time counts; before it the fleet was only connecting. */
  begin: (nowMs: number) => void
  published: () => void
  pubacked: (ms: number) => void
  failed: () => void
  /** A device was told how far its alarm is. */
  indicated: () => void
  totals: () => Totals
  /** Rates since the last call of `lap`, as one line. */
  lap: (nowMs: number, connections: { connected: number; of: number }) => string
  summary: (nowMs: number) => string
}
export type Totals = { published: number; pubacked: number; failed: number; inFlight: number }

const ms = (value: number | undefined): string =>
  value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

const latency = (histogram: Histogram): string =>
  `p50 ${ms(histogram.percentile(0.5))} p99 ${ms(histogram.percentile(0.99))}`

/** All `nowMs` are of one monotonic clock. */
export function createMeter(nowMs: number): Meter {
  let startMs = nowMs
  const all = createHistogram()
  const sinceLap = createHistogram()
  const count = { published: 0, pubacked: 0, failed: 0 }
  let indications = 0
  let lapStart = { ms: startMs, published: 0, pubacked: 0 }
  const totals = (): Totals => ({ ...count, inFlight: count.published - count.pubacked - count.failed })
  return {
    begin: atMs => {
      startMs = atMs
      lapStart = { ...lapStart, ms: atMs }
    },
    published: () => {
      count.published += 1
    },
    pubacked: tookMs => {
      count.pubacked += 1
      all.record(tookMs)
      sinceLap.record(tookMs)
    },
    failed: () => {
      count.failed += 1
    },
    indicated: () => {
      indications += 1
    },
    totals,
    lap: (lapMs, { connected, of }) => {
      const seconds = Math.max((lapMs - lapStart.ms) / 1000, 0.001)
      const line =
        `published ${((count.published - lapStart.published) / seconds).toFixed(0)}/s  ` +
        `pubacked ${((count.pubacked - lapStart.pubacked) / seconds).toFixed(0)}/s  ` +
        `in flight ${totals().inFlight}  connected ${connected}/${of}  puback ${latency(sinceLap)}  ` +
        `(all: ${count.pubacked})`
      lapStart = { ms: lapMs, published: count.published, pubacked: count.pubacked }
      sinceLap.reset()
      return line
    },
    summary: endMs => {
      const seconds = (endMs - startMs) / 1000
      const { published, pubacked } = count
      return [
        `published    ${published}`,
        `pubacked     ${pubacked}`,
        `failed       ${published - pubacked}`,
        `puback       ${latency(all)} max ${ms(all.count() === 0 ? undefined : all.max())}`,
        `indicated    ${indications}`,
        `duration     ${seconds.toFixed(1)} s, ${(pubacked / Math.max(seconds, 0.001)).toFixed(0)} pubacked/s`,
      ].join('\n')
    },
  }
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { watchEventLoop } from './event-loop.ts'
import type { Log } from './log.ts'

/**
 * The process's numbers, in Prometheus' text format at /metrics. No label ever holds a person, plate or secret.
 * What is counted on the hot path is a plain number that is read when Prometheus asks.
 */
export type Lag = { consumer: string; entries: number; seconds: number }
export type Counts = { stored: number; duplicate: number; rejected: number }
export type Waiting = { endpoint: string; deliveries: number; seconds: number }
/** One per device whose silence is told of. */
export type Watched = { site: string; kind: string; presence: string }

export function createMetrics(read: {
  counts: Counts
  connections: () => number
  throttled: () => number
  journalQueued: () => number
  openAlarms: () => number
  disk: () => { isFailing: boolean; freeBytes: number }
  influx: () => { cursor: number; unsettled: number; waiting: boolean } | undefined
  log: Log
  /** How far each consumer is behind. May take its time: what it doesn't say soon stays as it was. */
  lag: () => Promise<readonly Lag[]>
  /** What each endpoint that is told has not taken yet, 0 too. Like `lag` it may take its time. */
  waiting: () => Promise<readonly Waiting[]>
  devices: () => readonly Watched[]
  presences: readonly string[]
  /** When the gateway's certificate ends, ms since 1970; undefined: there is none. */
  certificateExpiresAt: () => number | undefined
}) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Counter({
    name: 'gatehouse_publishes_total',
    help: 'Publishes of devices by what became of them, since the start',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset()
      for (const [result, count] of Object.entries(read.counts)) this.inc({ result }, count)
    },
  })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  gauge('gatehouse_connections', 'Connected devices', read.connections)
  gauge(
    'gatehouse_connections_throttled',
    'Connections that are not read now, as they have more to say than their share',
    read.throttled,
  )
  gauge('gatehouse_journal_queued', 'Publishes that wait for their commit', read.journalQueued)
  gauge(
    'gatehouse_journal_failing',
    '1 while the disk is full, nearly full, or takes nothing: /readyz says which',
    () => Number(read.disk().isFailing),
  )
  gauge('gatehouse_disk_free_bytes', 'Room on the disk of the data directory', () => read.disk().freeBytes)
  gauge('gatehouse_alarms_open', 'Alarms that are not closed', read.openAlarms)
  gauge('gatehouse_influx_waiting', '1 while InfluxDB takes nothing', () => (read.influx()?.waiting ? 1 : 0))
  gauge('gatehouse_influx_cursor', 'Number of the last entry that is in InfluxDB', () => read.influx()?.cursor ?? 0)
  gauge(
    'gatehouse_influx_unsettled',
    'Entries read for InfluxDB and not committed',
    () => read.influx()?.unsettled ?? 0,
  )
  const eventLoop = watchEventLoop(read.log)
  new Gauge({
    name: 'gatehouse_event_loop_delay_seconds',
    help: 'How late the main thread was since it was last asked: median, 99th percentile and worst',
    labelNames: ['quantile'],
    registers,
    collect() {
      const { p50, p99, max } = eventLoop.delay()
      this.set({ quantile: '0.5' }, p50)
      this.set({ quantile: '0.99' }, p99)
      this.set({ quantile: '1' }, max)
    },
  })
  const lag = sharedWithin(lagTimeoutMs, read.lag)
  const lagGauge = (name: string, help: string, figureOf: (lag: Lag) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['consumer'],
      registers,
      async collect() {
        for (const one of await lag()) this.set({ consumer: one.consumer }, figureOf(one))
      },
    })
  lagGauge(
    'gatehouse_consumer_lag_entries',
    'Numbers of the journal that a consumer has not passed',
    one => one.entries,
  )
  lagGauge(
    'gatehouse_consumer_lag_seconds',
    'Age of the oldest entry that a consumer has not passed',
    one => one.seconds,
  )
  const waiting = sharedWithin(lagTimeoutMs, read.waiting)
  const waitingGauge = (name: string, help: string, figureOf: (waiting: Waiting) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['endpoint'],
      registers,
      async collect() {
        const now = await waiting()
        // An endpoint that left the registry is not waited for any more.
        if (now.length > 0) this.reset()
        for (const one of now) this.set({ endpoint: one.endpoint }, figureOf(one))
      },
    })
  waitingGauge('gatehouse_deliveries_pending', 'Deliveries that an endpoint has not taken yet', one => one.deliveries)
  waitingGauge('gatehouse_deliveries_oldest_seconds', 'Age of the oldest of them', one => one.seconds)
  addDevices(registry, read)
  const certificate: Gauge = new Gauge({
    name: 'gatehouse_certificate_expires_seconds',
    help: "When the gateway's certificate ends, seconds since 1970; not there without a certificate",
    registers,
    collect() {
      const at = read.certificateExpiresAt()
      if (at === undefined) certificate.remove()
      else certificate.set(at / 1000)
    },
  })
  return {
    registry,
    eventLoopOfLastMinute: eventLoop.lastMinute,
    stop: eventLoop.stop,
    attempts: new Counter({
      name: 'gatehouse_delivery_attempts_total',
      help: 'Attempts to deliver a message, by endpoint and result',
      labelNames: ['endpoint', 'result'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'gatehouse_delivery_seconds',
      help: 'From a message to its delivery, by endpoint',
      labelNames: ['endpoint'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
  }
}
export type Metrics = ReturnType<typeof createMetrics>

function addDevices(
  registry: Registry,
  read: { devices: () => readonly Watched[]; presences: readonly string[] },
): void {
  new Gauge({
    name: 'gatehouse_devices',
    help: 'Devices that are watched, by their kind and whether they are there',
    labelNames: ['kind', 'presence'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { kind, presence } of read.devices()) {
        for (const any of read.presences) this.inc({ kind, presence: any }, 0)
        this.inc({ kind, presence })
      }
    },
  })
  new Gauge({
    name: 'gatehouse_devices_silent',
    help: 'Devices that say nothing, by site and kind; not there for a site where none is silent',
    labelNames: ['site', 'kind'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { site, kind, presence } of read.devices()) if (presence === 'silent') this.inc({ site, kind })
    },
  })
}

const lagTimeoutMs = 500

/** One question at a time, asked for whoever wants to know meanwhile; an answer that doesn't come in time is none. */
function sharedWithin<T>(timeoutMs: number, ask: () => Promise<readonly T[]>): () => Promise<readonly T[]> {
  let asked: Promise<readonly T[]> | undefined
  return () => {
    asked ??= ask()
      .catch(() => [])
      .finally(() => {
        asked = undefined
      })
    const late = new Promise<readonly T[]>(resolve => setTimeout(resolve, timeoutMs, []).unref())
    return Promise.race([asked, late])
  }
}

import { startGateway } from '../helpers/gateway.ts'
import { type Influxd, startInfluxd } from '../helpers/influxd.ts'
import { database, writeUrl } from './influx-points.ts'
import { startMosquitto } from './mosquitto.ts'
import { startNodeRed } from './node-red/peer.ts'
import { benchDirectory } from './stand.ts'

/** What does the whole job, from a device to InfluxDB and dispatch: the gateway, or what stands beside it. */
export type Subject = {
  mqttPort: number
  /** All processes that it takes, without InfluxDB. */
  pids: number[]
  end(): Promise<void>
}
export type StartSubject = (influxd: Influxd, dispatchPort: number) => Promise<Subject>

/** `work` with one and an InfluxDB of its own; both end however it ends. */
export async function withSubject<T>(
  start: StartSubject,
  dispatchPort: number,
  work: (subject: Subject, influxd: Influxd) => Promise<T>,
): Promise<T> {
  const influxd = await startInfluxd()
  try {
    const subject = await start(influxd, dispatchPort)
    try {
      return await work(subject, influxd)
    } finally {
      await subject.end()
    }
  } finally {
    await influxd.remove()
  }
}

export const gateway: StartSubject = async (influxd, dispatchPort) => {
  const { dir, registry, remove } = benchDirectory()
  const running = await startGateway({
    dataDir: `${dir}/data`,
    registry,
    env: { GATEHOUSE_INFLUX_URL: influxd.url, ...dispatchToPort(dispatchPort), ...unlimited },
  })
  return {
    mqttPort: running.mqttPort,
    pids: [running.pid],
    async end() {
      await running.stop()
      remove()
    },
  }
}

export const nodeRed: StartSubject = async (influxd, dispatchPort) => {
  await influxd.client(database).createDatabase(database)
  const broker = await startMosquitto()
  const dispatchUrl = `http://127.0.0.1:${dispatchPort}/`
  const flow = await startNodeRed(broker, { influxWriteUrl: writeUrl(influxd), dispatchUrl })
  return {
    mqttPort: broker.port,
    pids: [flow.pid, broker.pid],
    async end() {
      await flow.end()
      await broker.end()
    },
  }
}

/** What it could take; what it takes as it comes is limited, so that alarms have room (mqtt/guards/allowance.ts). */
export const unlimited = { GATEHOUSE_MQTT_MAX_EVENTS_PER_SECOND: '1000000' }

export const dispatchToPort = (port: number): Record<string, string> => ({
  GATEHOUSE_DISPATCH_URL: `http://127.0.0.1:${port}/`,
  GATEHOUSE_DISPATCH_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
})

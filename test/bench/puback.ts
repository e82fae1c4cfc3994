import { setTimeout as after } from 'node:timers/promises'
import { startGateway } from '../helpers/gateway.ts'
import { alternate, type Ways } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { startMosquitto } from './mosquitto.ts'
import { isHere, missingOf, type Peers } from './peers.ts'
import { startBench } from './processes.ts'
import { benchDirectory, loadDevices } from './stand.ts'
import { unlimited } from './subject.ts'

/** Pubacks per second: what is on disk in the gateway's case, and nowhere in the others'. */
const inFlight = 20
const warmMs = 2000
const names = { gateway: 'gateway, after fsync', aedes: 'bare aedes', mosquitto: 'mosquitto, in memory' }

export async function pubackRates(peers: Peers, rounds: number, seconds: number): Promise<Figure[]> {
  const ways: Ways<number> = {
    [names.aedes]: () => bareAedes(seconds),
    [names.gateway]: () => gateway(seconds),
    ...(isHere(peers.mosquitto) && { [names.mosquitto]: () => mosquitto(seconds) }),
  }
  const found = await alternate('puback', rounds, ways)
  return [
    {
      title: `QoS 1, ${loadDevices} connections × ${inFlight} in flight, 250 bytes`,
      unit: 'pubacks/s',
      better: 'more',
      rows: Object.values(names).flatMap(name => (found[name] === undefined ? [] : [row(name, found[name])])),
      against: names.aedes,
      aim: { ratio: 0.8 },
      missing: missingOf(peers.mosquitto),
    },
  ]
}

async function bareAedes(seconds: number): Promise<number> {
  const broker = startBench('bare-aedes.ts')
  const rate = await pubackRate(Number(await broker.line()), seconds)
  await broker.end()
  return rate
}

async function mosquitto(seconds: number): Promise<number> {
  const broker = await startMosquitto()
  const rate = await pubackRate(broker.port, seconds)
  await broker.end()
  return rate
}

async function gateway(seconds: number): Promise<number> {
  const { dir, registry, remove } = benchDirectory()
  const running = await startGateway({ dataDir: `${dir}/data`, registry, env: unlimited })
  const rate = await pubackRate(running.mqttPort, seconds)
  await running.stop()
  remove()
  return rate
}

const counted = (line: string | undefined) => (JSON.parse(line ?? '{"pubacked":0}') as { pubacked: number }).pubacked

export async function pubackRate(port: number, seconds: number): Promise<number> {
  const load = startBench('load.ts', port, loadDevices, inFlight, 0)
  await load.line()
  await after(warmMs)
  const before = counted(load.last())
  const started = performance.now()
  await after(seconds * 1000)
  const rate = ((counted(load.last()) - before) / (performance.now() - started)) * 1000
  await load.end()
  return rate
}

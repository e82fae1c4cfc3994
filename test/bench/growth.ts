import { startGateway } from '../helpers/gateway.ts'
import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { settled } from './process-cost.ts'
import { pubackRate } from './puback.ts'
import { benchDirectory } from './stand.ts'
import type { FullJournal } from './start.ts'
import { unlimited } from './subject.ts'

/** Pubacks per second with a journal that has grown, against an empty one. */
export async function growth(full: FullJournal, rounds: number, seconds: number): Promise<Figure[]> {
  const names = { full: `${full.entries.toLocaleString('en')} entries`, empty: 'empty journal' }
  const found = await alternate('growth', rounds, {
    [names.empty]: async () => {
      const { dir, registry, remove } = benchDirectory()
      const rate = await measure(`${dir}/data`, registry, seconds)
      remove()
      return rate
    },
    [names.full]: () => measure(full.dataDir, full.registry, seconds),
  })
  return [
    {
      title: 'QoS 1 with a journal that has grown',
      unit: 'pubacks/s',
      better: 'more',
      rows: [names.full, names.empty].map(name => row(name, found[name] ?? [])),
      against: names.empty,
      aim: { ratio: 0.9 },
      missing: [],
    },
  ]
}

async function measure(dataDir: string, registry: string, seconds: number): Promise<number> {
  const running = await startGateway({ dataDir, registry, env: unlimited })
  // A large journal is read once after the start, to see that it is whole.
  await settled(running.pid)
  const rate = await pubackRate(running.mqttPort, seconds)
  await running.stop()
  return rate
}

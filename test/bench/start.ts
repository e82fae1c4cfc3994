import { join } from 'node:path'
import { startGateway } from '../helpers/gateway.ts'
import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { seedJournal } from './journal-seed.ts'
import { rssKib } from './process-cost.ts'
import { benchDirectory } from './stand.ts'

/** A journal with many entries, all done; made once for all parts that want one, and there until the benchmark ends. */
export type FullJournal = { entries: number; dataDir: string; registry: string }

export function fullJournal(entries: number): FullJournal {
  const { dir, registry } = benchDirectory()
  const dataDir = join(dir, 'data')
  process.stderr.write(`bench: writing a journal of ${entries.toLocaleString('en')} entries …\n`)
  seedJournal(dataDir, entries, ['alarms'])
  return { entries, dataDir, registry }
}

/** From the process's start to its ready line, as the gateway says it, with an empty journal and with a full one. */
export async function startTimes(full: FullJournal, rounds: number): Promise<Figure[]> {
  const empty = benchDirectory()
  const found = await alternate('start', rounds, {
    'empty journal': () => measure(join(empty.dir, 'data'), empty.registry),
    [`${full.entries.toLocaleString('en')} entries`]: () => measure(full.dataDir, full.registry),
  })
  empty.remove()
  const figure = (title: string, unit: string, of: 'durationMs' | 'rssMb'): Figure => ({
    title,
    unit,
    better: 'less',
    rows: Object.entries(found).map(([name, all]) =>
      row(
        name,
        all.map(one => one[of]),
      ),
    ),
    missing: [],
  })
  return [figure('start until ready', 'ms', 'durationMs'), figure('RSS when ready', 'MB', 'rssMb')]
}

async function measure(dataDir: string, registry: string): Promise<{ durationMs: number; rssMb: number }> {
  const running = await startGateway({ dataDir, registry })
  const rssMb = (rssKib(running.pid) * 1024) / 1e6
  const { durationMs } = running
  await running.stop()
  return { durationMs, rssMb }
}

import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Accepted } from '../../gateway/journal/journal.ts'
import { AppendQueue } from '../../gateway/sqlite/append-queue.ts'
import { openDatabase } from '../../gateway/sqlite/database.ts'
import { startGateway } from '../helpers/gateway.ts'
import { median } from './median.ts'
import { benchDevice, benchDirectory, loadDevices } from './stand.ts'

export type Start = { entries: number; medianMs: number; rssMb: number }

/** From the process's start to its ready line, as the gateway says it, with an empty journal and with a full one. */
export async function startTimes(rounds: number, entries: number): Promise<Start[]> {
  const results: Start[] = []
  for (const count of [0, entries]) {
    const { dir, registry, remove } = benchDirectory()
    const dataDir = join(dir, 'data')
    await fill(join(dataDir, 'journal.sqlite'), count)
    const times: number[] = []
    const rss: number[] = []
    for (let round = 0; round < rounds; round++) {
      const running = await startGateway({ dataDir, registry })
      times.push(running.durationMs)
      rss.push(rssMb(running.pid))
      await running.stop()
    }
    remove()
    results.push({ entries: count, medianMs: median(times), rssMb: median(rss) })
  }
  return results
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function fill(file: string, count: number): Promise<void> {
  if (count === 0) return
  mkdirSync(dirname(file), { recursive: true })
  const database = await openDatabase(file, error => {
    throw error
  })
  const journal = new AppendQueue(database.write)
  const at = Date.now() - 60_000
  for (let index = 0; index < count; index++) {
    const { site, device } = benchDevice(index % loadDevices)
    const payload = Buffer.from(
      JSON.stringify({
        id: `e-${index}`,
        data: {
          door: '东门',
          direction: 'in',
          method: 'card',
          result: 'granted',
          person: { ref: `r-${index % 500}`, role: 'resident' },
        },
      }),
    )
    const entry: Accepted = {
      receivedAt: at,
      site,
      siteKind: 'school',
      device,
      payload,
      kind: 'access',
      id: `e-${index}`,
      at,
      skewMs: null,
    }
    journal.append(entry, error => {
      if (error !== null) throw error
    })
    if (index % 5000 === 4999) await journal.drained()
  }
  await journal.drained()
  await database.close()
}

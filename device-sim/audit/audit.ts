import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Stats } from '../../schemas/api.ts'
import { type EventKind, eventKinds } from '../../schemas/events/kinds.ts'
import { idPattern } from '../../schemas/ids.ts'
import { Failure } from '../arguments.ts'
import { segmentsOf } from '../book/ledger.ts'
import { linesOf } from '../book/lines.ts'
import { BookLine } from '../book/receivers-book.ts'
import { brokenSums } from './conservation.ts'
import { find } from './findings.ts'
import { type InfluxAccess, rowsOf } from './influx-rows.ts'
import { judgeAlarms, messageLine } from './judge-alarms.ts'
import { judgeGroup, pointLine, toldLine } from './judge-group.ts'
import { excusedWindows, type Outage } from './outages.ts'
import { createPartition, type Partition } from './partition.ts'
import { type AuditReport, type Counting, hasPassed, startCounting, undisturbedOf } from './report.ts'

/**
 * Holds the ledger against what came of it: InfluxDB, the API's stats, the receiver's book. Reads each of them once, in
 * pieces, and brings what belongs to one event together on disk (partition.ts), so memory stays the same over days.
 */
export type AuditOptions = {
  /** The ledger's directory. */
  ledger: string
  book?: string | undefined
  influx?: InfluxAccess | undefined
  api?: { url: string; token: string } | undefined
  lateAfterMs: number
  outages: readonly Outage[]
  /** What was pubacked after it is not judged as lost or missing yet. ms since 1970. */
  settledMs: number
}

/** InfluxDB's points may lie before the publishes by what a device's clock and ours differ. */
const clocksDifferMs = 60 * 60_000
/** Beyond so many presses of one alarm the gateway tells of several by one message; the count is in it. */
const toldSingly = 20

/** Throws Failure where something can't be read. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { influx, book } = options
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  try {
    const counting = startCounting()
    const { paths, bytes } = segmentsOf(options.ledger)
    const events = createPartition(join(scratch, 'events'), influx === undefined ? bytes : bytes * 2.5)
    const ledger = { ...readLedger(paths, events), segments: paths.length }
    const gathering = new Set<string>()
    if (influx !== undefined)
      for (const source of ledger.sources)
        for await (const row of rowsOf(influx, { ...source, fromMs: ledger.firstMs - clocksDifferMs }))
          events.add(pointLine(source.device, source.kind, row))
    if (book !== undefined) {
      const alarms = createPartition(join(scratch, 'alarms'), sizeOf(book))
      readBook(book, { events, alarms, gathering }, counting.alarms)
      for (const lines of alarms.groups()) judgeAlarms(lines, counting.alarms)
    }
    const judging = {
      ...{ settledMs: options.settledMs, lateAfterMs: options.lateAfterMs, gathering },
      excused: excusedWindows(options.outages),
      judges: { influx: influx !== undefined, alarms: book !== undefined },
    }
    for (const lines of events.groups()) judgeGroup(lines, judging, counting)
    const stats = options.api === undefined ? undefined : await askStats(options.api)
    const { published, pubacked, devices, segments, tornLines } = ledger
    const found: Omit<AuditReport, 'passed'> = {
      ledger: { published, pubacked, presses: counting.presses, devices, segments, tornLines },
      ...(influx && { influx: counting.influx }),
      ...(stats && { stats: { stats, broken: brokenSums(stats, pubacked) } }),
      ...(book !== undefined && { alarms: { ...counting.alarms, undisturbed: undisturbedOf(counting.undisturbed) } }),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    }
    return { passed: hasPassed(found), ...found }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

type Source = { device: string; kind: EventKind }

function readLedger(paths: readonly string[], events: Partition) {
  const sources = new Map<string, Source>()
  const devices = new Set<string>()
  const read = { published: 0, pubacked: 0, tornLines: 0, firstMs: Number.POSITIVE_INFINITY }
  for (const path of paths)
    for (const line of linesOf(path, () => (read.tornLines += 1))) {
      if (line.startsWith('A ')) read.pubacked += 1
      else {
        const [mark, device = '', , kind = '', , at, said] = line.split(' ', 7)
        if (mark !== 'P' || !idPattern.test(device) || !eventKinds.includes(kind as EventKind)) {
          read.tornLines += 1
          continue
        }
        read.published += 1
        devices.add(device)
        sources.set(`${device} ${kind}`, { device, kind: kind as EventKind })
        read.firstMs = Math.min(read.firstMs, Number(at), said === '-' ? Number.POSITIVE_INFINITY : Number(said))
      }
      events.add(line)
    }
  if (read.published === 0) throw new Failure(`${paths[0]} holds no publish: there is nothing to audit`)
  return { ...read, devices: devices.size, sources: [...sources.values()] }
}

function readBook(
  path: string,
  to: { events: Partition; alarms: Partition; gathering: Set<string> },
  counts: Counting['alarms'],
): void {
  for (const text of linesOf(path, () => (counts.unreadLines += 1))) {
    const line = lineOf(text)
    if (line === undefined) {
      counts.unreadLines += 1
      continue
    }
    const { signature, status, device, events, subject, type, id, at } = line
    if (signature === 'bad') find(counts.badSignatures, `${id} at ${new Date(at).toISOString()}: ${line.reason}`)
    if (type === undefined || subject === undefined) continue
    counts.messages += 1
    if (line.repeated) counts.repeated += 1
    // What was answered with anything but 2xx is told again, and counts then.
    if (device === undefined || events === undefined || status < 200 || status > 299) continue
    to.alarms.add(messageLine(subject, type, id))
    if ((line.pressCount ?? 0) > toldSingly) to.gathering.add(device)
    for (const event of events) to.events.add(toldLine(device, event, subject, at))
  }
}

function lineOf(text: string): BookLine | undefined {
  try {
    return BookLine.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (error) {
    throw new Failure(`the book ${path} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

const statsTimeoutMs = 30_000

export async function askStats({ url, token }: { url: string; token: string }): Promise<Stats> {
  const root = url.replace(/\/$/, '')
  try {
    const response = await fetch(`${root}/api/v1/stats`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(statsTimeoutMs),
    })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    return Stats.parse(await response.json())
  } catch (error) {
    throw new Failure(`${root}/api/v1/stats can't be asked: ${(error as Error).message}`)
  }
}

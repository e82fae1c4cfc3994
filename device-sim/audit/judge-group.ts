import { parsePublished } from '../book/ledger-line.ts'
import { find } from './findings.ts'
import type { Row } from './influx-rows.ts'
import { differencesOf } from './judge-event.ts'
import { countedMs, type Window } from './outages.ts'
import type { Counting } from './report.ts'

/** Judges some events by all that is known of each. Lines as in partition.ts: the ledger's `P` and `A`, and these. */
export const pointLine = (device: string, kind: string, row: Row): string =>
  // An id that was altered into something with a space must not become other words.
  `R ${device} ${encodeURIComponent(String(row.id))} ${kind} ${JSON.stringify(row)}`
export const toldLine = (device: string, eventId: string, alarmId: string, atMs: number): string =>
  `T ${device} ${eventId} ${alarmId} ${atMs}`

type Case = {
  published?: string
  pubackedMs?: number
  rows: { kind: string; json: string }[]
  told: { alarm: string; atMs: number }[]
}

export type Judging = {
  /** Pubacked after it: too young to be judged as lost or missing. */
  settledMs: number
  /** From press to told, outside of `excused`. */
  lateAfterMs: number
  excused: readonly Window[]
  /** Devices whose alarms had so many presses that the gateway tells of some by count only. */
  gathering: ReadonlySet<string>
  judges: { influx: boolean; alarms: boolean }
}

export function judgeGroup(lines: readonly string[], judging: Judging, counting: Counting): void {
  for (const [key, found] of casesOf(lines)) {
    if (judging.judges.influx) judgePoint(key, found, judging, counting.influx)
    judgePress(key, found, judging, counting)
  }
}

function casesOf(lines: readonly string[]): Map<string, Case> {
  const cases = new Map<string, Case>()
  for (const line of lines) {
    const [mark, device, id, fourth = '', fifth = ''] = line.split(' ', 5)
    const key = `${device} ${id}`
    const found: Case = cases.get(key) ?? { rows: [], told: [] }
    cases.set(key, found)
    if (mark === 'P') found.published = line
    else if (mark === 'A') found.pubackedMs = Number(fourth)
    else if (mark === 'T') found.told.push({ alarm: fourth, atMs: Number(fifth) })
    else found.rows.push({ kind: fourth, json: line.slice(`R ${key} ${fourth} `.length) })
  }
  return cases
}

function judgePoint(key: string, { published, pubackedMs, rows }: Case, judging: Judging, influx: Counting['influx']) {
  influx.points += rows.length
  if (published === undefined && pubackedMs === undefined) {
    influx.strangers += rows.length
    return
  }
  if (rows.length === 0 && pubackedMs !== undefined) {
    if (pubackedMs > judging.settledMs) influx.young += 1
    else find(influx.lost, `${key}, pubacked at ${new Date(pubackedMs).toISOString()}`)
  }
  if (rows.length > 1) find(influx.doubled, `${key}: ${rows.length} points`)
  const said = published === undefined ? undefined : parsePublished(published)
  if (said === undefined) return
  for (const { kind, json } of rows) {
    const differences = differencesOf(said, kind, JSON.parse(json) as Row)
    if (differences.length > 0) find(influx.altered, `${key}: ${differences.join('; ')}`)
  }
}

function judgePress(key: string, { published, pubackedMs, told }: Case, judging: Judging, counting: Counting) {
  if (published === undefined || !published.includes(' alarm ')) return
  const said = parsePublished(published)
  if (said?.kind !== 'alarm' || said.expected.state !== 'raised') return
  const { alarms, undisturbed } = counting
  if (pubackedMs !== undefined) counting.presses += 1
  if (!judging.judges.alarms) return
  const alarmIds = new Set(told.map(({ alarm }) => alarm))
  if (alarmIds.size > 1) find(alarms.doubled, `${key} is in ${alarmIds.size} alarms: ${[...alarmIds].join(', ')}`)
  if (told.length === 0) {
    if (pubackedMs === undefined) return
    if (judging.gathering.has(said.device)) alarms.gathered += 1
    else if (pubackedMs > judging.settledMs) alarms.young += 1
    else find(alarms.missing, `${key}, pubacked at ${new Date(pubackedMs).toISOString()}`)
    return
  }
  const firstMs = told.reduce((first, { atMs }) => Math.min(first, atMs), Number.POSITIVE_INFINITY)
  const tookMs = Math.max(0, firstMs - said.atMs)
  const ofItMs = Math.max(0, countedMs(said.atMs, firstMs, judging.excused))
  if (ofItMs > judging.lateAfterMs)
    find(
      alarms.late,
      `${key} pressed at ${new Date(said.atMs).toISOString()}: told after ${tookMs} ms, ${Math.round(ofItMs)} ms of it with nothing down`,
    )
  if (ofItMs === tookMs) undisturbed.record(tookMs)
}

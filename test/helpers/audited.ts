import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type AuditOptions, audit } from '../../device-sim/audit/audit.ts'
import { openLedger } from '../../device-sim/book/ledger.ts'
import { type BookLine, openBook } from '../../device-sim/book/receivers-book.ts'
import type { Saying } from '../../device-sim/payloads.ts'
import { temporaryDirectory } from './directory.ts'

/** InfluxDB's side of an audit: points by measurement and device, in the order of time. */
export type Point = Record<string, string | number | null> & { time: string; id: string; device: string }
export type Points = Record<string, Point[]>

/** Answers the audit's queries over HTTP as InfluxDB 1.x does, from what it was given. */
export async function startPoints(pointsOf: (measurement: string, device: string) => readonly Point[]) {
  const queries: string[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('q') ?? ''
    queries.push(query)
    const asked =
      /^select \* from "(\w+)" where "device" = '([^']+)' and time >= '([^']+)' order by time limit (\d+) offset (\d+)$/
    const [, measurement, device, from, limit, offset] = asked.exec(query) as unknown as [string, ...string[]]
    const rows = pointsOf(measurement!, device!)
      .filter(({ time }) => time >= from!)
      .slice(Number(offset), Number(offset) + Number(limit))
    const columns = [...new Set(rows.slice(0, 50).flatMap(Object.keys))]
    const series = { name: measurement, columns, values: rows.map(row => columns.map(column => row[column] ?? null)) }
    response.end(JSON.stringify({ results: [rows.length === 0 ? {} : { series: [series] }] }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, queries }
}

export const pressedAtMs = Date.parse('2026-11-24T08:00:00.000Z')
const site = 'school-01'
const said: readonly [device: string, saying: Saying][] = [
  [
    'door-1',
    {
      kind: 'access',
      data: {
        door: '东门',
        direction: 'in',
        method: 'card',
        result: 'granted',
        person: { ref: 'p-1', role: 'student' },
      },
    },
  ],
  ['camera-1', { kind: 'face', data: { camera: 'c', match: 'stranger', score: 0.25 } }],
  [
    'lane-1',
    {
      kind: 'vehicle',
      data: { lane: 'l', direction: 'out', plate: '晋A12345', plateColor: 'blue', speedKmh: 12, confidence: 0.5 },
    },
  ],
  ['sensor-1', { kind: 'telemetry', data: { metrics: { temperature: 20.5, smokePpm: 3 } } }],
  ['button-1', { kind: 'alarm', data: { trigger: 'panic', state: 'raised', mode: 'actual' } }],
]
const pointFields: Record<string, Record<string, string | number>> = {
  access: {
    door: '东门',
    direction: 'in',
    method: 'card',
    result: 'granted',
    personKey: '0123456789abcdef',
    personRole: 'student',
  },
  face: { match: 'stranger', score: 0.25 },
  vehicle: { direction: 'out', plateColor: 'blue', plateKey: 'fedcba9876543210', speedKmh: 12, confidence: 0.5 },
  telemetry: { temperature: 20.5, smokePpm: 3 },
  alarm: { trigger: 'panic', state: 'raised', mode: 'actual' },
}

/** Five events that were pubacked, an honest gateway's points and book of them, and whatever the test does to these. */
export async function auditOf(
  doctor: {
    unpubacked?: string
    points?: (points: Points) => unknown
    book?: (lines: BookLine[]) => BookLine[]
  } & Partial<Pick<AuditOptions, 'outages' | 'settledMs'>> = {},
) {
  const directory = temporaryDirectory()
  const ledger = openLedger(join(directory, 'ledger'), () => pressedAtMs)
  const points: Points = {}
  for (const [index, [device, saying]] of said.entries()) {
    const id = `e-${index}`
    const time = '2026-11-24T16:00:00.000+08:00'
    ledger.published({ site, device, id, time }, saying)
    if (doctor.unpubacked !== device) ledger.pubacked(device, id)
    const seq = index + 1
    points[saying.kind] = [
      {
        time: `2026-11-24T08:00:00.00000000${seq}Z`,
        id,
        device,
        site,
        siteKind: 'school',
        seq,
        count: 1,
        lagMs: 3,
        ...pointFields[saying.kind],
      },
    ]
  }
  ledger.close()
  doctor.points?.(points)
  const honest: BookLine[] = ['alarm.raised', 'alarm.closed'].map((type, index) => ({
    ...{ at: pressedAtMs + 20 + index, id: `msg-${index}`, signature: 'good', status: 200, type, subject: 'alarm-1' },
    ...{ repeated: false, device: 'button-1', events: ['e-4'], pressCount: 1 },
  }))
  const book = join(directory, 'book')
  openBook(book).close()
  for (const line of doctor.book?.(honest) ?? honest) appendFileSync(book, `${JSON.stringify(line)}\n`)
  const influx = await startPoints((measurement, device) =>
    (points[measurement] ?? []).filter(point => point.device === device),
  )
  const report = await audit({
    ...{ ledger: join(directory, 'ledger'), book, influx: { url: influx.url, database: 'gatehouse' } },
    ...{ lateAfterMs: 5000, outages: [], settledMs: Number.POSITIVE_INFINITY },
    ...(doctor.outages && { outages: doctor.outages }),
    ...(doctor.settledMs && { settledMs: doctor.settledMs }),
  })
  const { influx: found, alarms } = report
  const counts = {
    ...{
      lost: found!.lost.count,
      doubled: found!.doubled.count,
      altered: found!.altered.count,
      missing: alarms!.missing.count,
    },
    ...{
      doubledAlarms: alarms!.doubled.count,
      late: alarms!.late.count,
      outOfOrder: alarms!.outOfOrder.count,
      badSignatures: alarms!.badSignatures.count,
    },
  }
  const wrong = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  return { passed: report.passed, wrong, report }
}

import type { EventKind } from '../../schemas/events/kinds.ts'
import { Failure } from '../arguments.ts'

/** Reads points as whoever doubts the gateway would: straight from InfluxDB's HTTP API, page by page in the order of time. */
export type InfluxAccess = {
  url: string
  database: string
  username?: string | undefined
  password?: string | undefined
}

/** A point by its columns; `time` is RFC 3339 with nanoseconds, for a number would not hold them. */
export type Row = Record<string, string | number | boolean | null>

type Answer = {
  results?: { error?: string; series?: { columns: string[]; values: Row[string][][] }[] }[]
  error?: string
}

const pageRows = 5000
const timeoutMs = 60_000
const tries = 3

/** All points of the device and kind from then on. Throws Failure where InfluxDB doesn't answer. */
export async function* rowsOf(
  access: InfluxAccess,
  { kind, device, fromMs }: { kind: EventKind; device: string; fromMs: number },
  pageSize = pageRows,
): AsyncGenerator<Row, void> {
  let from = new Date(fromMs).toISOString()
  // Points of one moment: those that were had already are skipped, and no page can end between them unseen.
  let hadOfMoment = 0
  for (;;) {
    const rows = await ask(
      access,
      `select * from "${kind}" where "device" = '${device}' and time >= '${from}' order by time limit ${pageSize} offset ${hadOfMoment}`,
    )
    yield* rows
    if (rows.length < pageSize) return
    const last = String(rows.at(-1)!.time)
    const ofLast = rows.filter(({ time }) => time === last).length
    hadOfMoment = last === from ? hadOfMoment + ofLast : ofLast
    from = last
  }
}

async function ask(access: InfluxAccess, query: string): Promise<Row[]> {
  const url = `${access.url.replace(/\/$/, '')}/query?${new URLSearchParams({ db: access.database, q: query })}`
  const { username, password = '' } = access
  const headers: Record<string, string> =
    username === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  let why = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) })
      const text = await response.text()
      if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`)
      return rowsIn(JSON.parse(text) as Answer)
    } catch (error) {
      why = (error as Error).message
    }
  }
  throw new Failure(`InfluxDB at ${new URL(access.url).origin} can't be asked: ${why}`)
}

function rowsIn({ results = [], error }: Answer): Row[] {
  const [result] = results
  const problem = error ?? result?.error
  if (problem !== undefined) throw new Error(problem)
  return (result?.series ?? []).flatMap(({ columns, values }) =>
    values.map(value => Object.fromEntries(columns.map((column, index) => [column, value[index] ?? null]))),
  )
}

import type { Influxd } from '../helpers/influxd.ts'
import { until } from '../helpers/until.ts'

export const database = 'gatehouse'
export const writeUrl = (influxd: Influxd) => `${influxd.url}/write?db=${database}&precision=n`

/** Points that InfluxDB took since it started, as it counts them itself: asking that costs it nothing, unlike a query. */
export async function pointsTaken(influxd: Influxd): Promise<number> {
  const response = await fetch(`${influxd.url}/debug/vars`)
  const vars = (await response.json()) as Record<string, { name?: string; values?: { pointsWrittenOK?: number } }>
  return Object.values(vars).find(({ name }) => name === 'httpd')?.values?.pointsWrittenOK ?? 0
}

/** When it had taken so many, ms since 1970. */
export async function takenAt(influxd: Influxd, count: number, timeoutMs = 180_000): Promise<number> {
  let found = 0
  try {
    await until(
      async () => {
        found = await pointsTaken(influxd)
        return found >= count
      },
      '',
      timeoutMs,
    )
  } catch {
    throw new Error(`InfluxDB has ${found} of ${count} points after ${timeoutMs} ms`)
  }
  return Date.now()
}

/** Points of a measurement that there are. Two events that became one point show here. */
export async function pointsOf(influxd: Influxd, measurement: string): Promise<number> {
  const [found] = await influxd
    .client(database)
    .query<{ points: number }>(`select count("count") as points from "${measurement}"`)
  return found?.points ?? 0
}

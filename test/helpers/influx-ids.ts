import type { Influxd } from './influxd.ts'

/** All points of a database by the device and id of their events: how many points each has. */
export async function pointsByEvent(influxd: Influxd, database: string): Promise<Map<string, number>> {
  const rows = await influxd.client(database).query<{ device: string; id: string }>('SELECT id, device FROM /.*/')
  const counts = new Map<string, number>()
  for (const { device, id } of rows) counts.set(`${device} ${id}`, (counts.get(`${device} ${id}`) ?? 0) + 1)
  return counts
}

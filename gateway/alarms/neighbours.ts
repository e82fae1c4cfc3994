import type { Alarm, Neighbour } from '../../schemas/alarm.ts'

const neighboursTold = 20

/** The site's other open alarms: three buttons of one school pressed together are one incident to whoever answers. */
export function neighboursOf(alarm: Alarm, open: Iterable<Alarm>): Neighbour[] {
  const neighbours: Neighbour[] = []
  for (const { id, site, device, trigger, mode, stage } of open) {
    if (site.id !== alarm.site.id || id === alarm.id) continue
    if (neighbours.push({ id, device: device.id, trigger, mode, stage }) === neighboursTold) break
  }
  return neighbours
}

import type { Told } from '../chronicle.ts'
import { monotonicMs } from '../clock.ts'
import { mqttUrlOf, startLine } from '../line.ts'
import { buttonOf } from '../press.ts'
import { type Report, table } from '../report.ts'
import { commandCentre, patienceMs, type Scenario, subBureau } from './scenario.ts'

/** Domain.md: a panic button is silent 90 s after its last sign of life; the issue gives 5 s to say so. */
const reportedWithinMs = 95_000

/** A button whose cable is pulled: no FIN, no will. In real time, a good minute and a half. */
export const silent: Scenario = {
  summary: "a button's cable is pulled (no FIN); in real time, about 2 minutes",
  centres: [commandCentre, subBureau],
  anywhere: false,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const { site, device } = buttonOf(registry, 'school-01')
    const line = await startLine(world.mqttUrl)
    world.later(line.close)
    const isButton = (id: string) => id === device.id
    // The whole fleet, or the button's silence would be its site's.
    await world.connect(registry.devices, { urlOf: id => (isButton(id) ? mqttUrlOf(line) : undefined) })
    const cutMs = monotonicMs()
    line.set({ kind: 'cut' })
    world.say(`pulled the cable of ${site.name}, ${device.placement}; waiting for device.silent …`)
    const came = (type: string, centre: string) =>
      chronicle.told.find(entry => entry.centre === centre && entry.message.type === type)
    const all = (type: string) => levelZero.every(centre => came(type, centre) !== undefined)
    await chronicle.until(() => all('device.silent'), reportedWithinMs + 10_000, world.over)
    const mendedMs = monotonicMs()
    line.set({ kind: 'clear' })
    world.say('plugged it in again; waiting for device.recovered …')
    await chronicle.until(() => all('device.recovered'), patienceMs, world.over)
    return judgeSilence({ device: device.id, told: chronicle.told, centres: levelZero, cutMs, mendedMs })
  },
}

export function judgeSilence(seen: {
  device: string
  told: readonly Told[]
  centres: readonly string[]
  cutMs: number
  mendedMs: number
}): Report {
  const reports = seen.told.filter(({ message }) => message.type.startsWith('device.'))
  const failures: string[] = []
  const after = (centre: string, type: string, sinceMs: number, withinMs: number): string => {
    const report = reports.find(({ message, ...entry }) => entry.centre === centre && message.type === type)
    const ms = report && report.atMs - sinceMs
    if (ms === undefined) failures.push(`${centre} was not told ${type}`)
    else if (ms > withinMs) failures.push(`${centre} was told ${type} after ${(ms / 1000).toFixed(1)} s`)
    return ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`
  }
  const rows = seen.centres.map(centre => [
    centre,
    after(centre, 'device.silent', seen.cutMs, reportedWithinMs),
    after(centre, 'device.recovered', seen.mendedMs, patienceMs),
  ])
  const others = reports.filter(({ message }) => message.subject !== seen.device)
  if (others.length > 0)
    failures.push(`${others.length} reports about others, the first of ${others[0]?.message.subject}`)
  return { lines: table([seen.device, 'cable pulled → silent', 'plugged in → recovered'], rows), failures }
}

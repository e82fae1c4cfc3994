import type { Told } from '../chronicle.ts'
import { buttonOf } from '../press.ts'
import { msText, type Report, table } from '../report.ts'
import type { Press } from '../way.ts'
import { commandCentre, limitMs, patienceMs, type Scenario } from './scenario.ts'

/** Contract 5: level 1 is told when level 0 isn't delivered within 5 s; with a second for the deadline and one for the way. */
const failoverMs = 7000

/**
 * One of two level-0 endpoints is dead: the other is told as always, and that the first one fails. Then the other dies too,
 * and level 1 has to be told.
 */
export const deadEndpoint: Scenario = {
  summary: 'one of two level-0 endpoints is dead, then both: who was told when',
  centres: [commandCentre, { id: 'sub-bureau', level: 0, dead: true }, { id: 'station', level: 1 }],
  anywhere: false,
  run: async world => {
    const { registry, chronicle, zone } = world
    const buttons = ['school-01', 'school-02'].map(site => buttonOf(registry, site).device)
    const fleet = await world.connect(buttons)
    const first = await world.press(fleet, buttons[0]!)
    const faultTold = () => chronicle.told.some(({ message }) => message.data.fault?.subject === 'sub-bureau')
    const closed = () => chronicle.told.some(({ message }) => message.type === 'alarm.closed')
    await chronicle.until(() => closed() && faultTold(), patienceMs, world.over)
    world.say('command-centre dies too')
    await zone?.kill('command-centre')
    const second = await world.press(fleet, buttons[1]!)
    const stationTold = () =>
      chronicle.told.some(
        ({ centre, message }) => centre === 'station' && message.data.alarm?.device.id === second.device,
      )
    await chronicle.until(stationTold, patienceMs, world.over)
    return judgeDeadEndpoint(chronicle.told, first, second)
  },
}

export function judgeDeadEndpoint(told: readonly Told[], first: Press, second: Press): Report {
  const failures: string[] = []
  const since = ({ atMs }: Told) => (atMs < second.atMs ? first : second)
  const afterMs = (centre: string, press: Press): number | undefined => {
    const entry = told.find(entry => entry.centre === centre && entry.message.data.alarm?.device.id === press.device)
    return entry && entry.atMs - press.atMs
  }
  const [centreMs, stationMs] = [afterMs('command-centre', first), afterMs('station', second)]
  if (centreMs === undefined || centreMs > limitMs)
    failures.push(`the living endpoint was told after ${msText(centreMs)}, not within ${limitMs} ms`)
  if (stationMs === undefined || stationMs > failoverMs)
    failures.push(`level 1 was told after ${msText(stationMs)}, not within ${failoverMs} ms`)
  if (!told.some(({ message }) => message.data.fault?.subject === 'sub-bureau'))
    failures.push('nobody was told that sub-bureau fails (gateway.fault)')
  const rows = told.map(entry => {
    const { alarm, fault } = entry.message.data
    const about =
      fault === undefined ? `${alarm?.device.id}, level ${alarm?.escalationLevel}` : `${fault.code}: ${fault.subject}`
    return [`${entry.message.type} (${about})`, entry.centre, msText(entry.atMs - since(entry).atMs)]
  })
  return {
    lines: [
      'First press: sub-bureau is dead. Second press: command-centre as well.',
      '',
      ...table(['message', 'told', 'after the press'], rows),
    ],
    failures,
  }
}

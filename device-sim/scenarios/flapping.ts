import { setTimeout as sleep } from 'node:timers/promises'
import type { Told } from '../chronicle.ts'
import { monotonicMs } from '../clock.ts'
import type { Fleet } from '../fleet.ts'
import { mqttUrlOf, startLine } from '../line.ts'
import { buttonOf } from '../press.ts'
import { msText, type Report, table } from '../report.ts'
import { failuresOf, isTold, type Way, wayOf } from '../way.ts'
import { limitMs, patienceMs, type Scenario, subBureau } from './scenario.ts'

const drops = 20
const reconnectMs = 100

/** A button that connects and drops, pressed in the middle of it: the press gets through once, and nobody is pestered. */
export const flapping: Scenario = {
  summary: 'a button that connects and drops, pressed in the middle of it',
  centres: [{ id: 'command-centre', level: 0 }, subBureau],
  anywhere: false,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const { device } = buttonOf(registry, 'school-01')
    const line = await startLine(world.mqttUrl)
    world.later(line.close)
    const fleet = await world.connect([device], { urlOf: () => mqttUrlOf(line), reconnectMs })
    const came: boolean[] = []
    const dropOnce = async () => {
      line.drop()
      await connection(fleet, 0)
      came.push(await connection(fleet, 1))
    }
    for (let count = 0; count < drops / 2; count++) await dropOnce()
    world.say(`${drops / 2} times dropped; pressing, and dropping before the puback can come`)
    const pressing = world.press(fleet, device)
    await dropOnce()
    const pressed = await pressing
    for (let count = drops / 2 + 1; count < drops; count++) await dropOnce()
    // A press that comes after all of it: what would have been said of the drops was said before it.
    const last = await world.press(fleet, device, { trigger: 'medical' })
    const lastTold = () => chronicle.told.filter(({ message }) => message.data.alarm?.trigger === 'medical')
    await chronicle.until(() => lastTold().length >= levelZero.length, patienceMs, world.over)
    const panic = chronicle.told.filter(({ message }) => message.data.alarm?.trigger !== 'medical')
    const way = wayOf(pressed, panic, chronicle.shown)
    const presence = (await world.api.devicesOf(device.site)).find(({ id }) => id === device.id)?.presence
    return judgeFlapping({ way, told: chronicle.told, centres: levelZero, came, presence, lastMs: last.pubackMs })
  },
}

export function judgeFlapping(seen: {
  way: Way
  told: readonly Told[]
  centres: readonly string[]
  /** Of each drop: did the device come back? */
  came: readonly boolean[]
  presence: string | undefined
  lastMs: number
}): Report {
  const reports = seen.told.filter(({ message }) => message.type.startsWith('device.'))
  const failures = failuresOf(seen.way, seen.centres, limitMs)
  if (seen.came.includes(false)) failures.push('the device could not connect again after a drop')
  if (!isTold(seen.way, seen.centres)) failures.push('the press between two drops did not reach each centre')
  if (reports.length > 0) failures.push(`${reports.length} reports about a device that was never silent for 90 s`)
  if (seen.presence !== 'online')
    failures.push(`the device is there and its presence is ${seen.presence ?? 'not shown'}`)
  return {
    lines: table(
      [`${seen.way.siteName}: ${seen.came.length} drops`, ''],
      [
        ['came back', `${seen.came.filter(Boolean).length} times`],
        ['press between two drops → pubacked', msText(seen.way.pubackMs)],
        ...seen.centres.map(centre => [`  → ${centre}`, msText(seen.way.toldMs[centre])]),
        ['alarms of that press', String(seen.way.alarms.length)],
        ['press after all drops → pubacked', msText(seen.lastMs)],
        ['reports about the device', String(reports.length)],
        ['presence at the end', seen.presence ?? '–'],
      ],
    ),
    failures,
  }
}

/** True once so many devices are connected; false after 10 s. */
async function connection(fleet: Fleet, count: number): Promise<boolean> {
  for (const endMs = monotonicMs() + 10_000; monotonicMs() < endMs; await sleep(5))
    if (fleet.connections().connected === count) return true
  return false
}

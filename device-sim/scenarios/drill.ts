import type { Alarm } from '../../schemas/alarm.ts'
import type { Told } from '../chronicle.ts'
import { buttonOf } from '../press.ts'
import { type Report, table } from '../report.ts'
import { isTold, modesOf, wayOf } from '../way.ts'
import { commandCentre, patienceMs, type Scenario, subBureau } from './scenario.ts'

/** A test, a drill, and a real press in the middle of a drill: each message must say which it is. */
export const drill: Scenario = {
  summary: 'a test, a drill, and a real press in the middle of a drill',
  centres: [commandCentre, subBureau],
  anywhere: true,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const [tested, drilled, real] = ['school-01', 'school-02', 'school-03'].map(
      site => buttonOf(registry, site).device,
    ) as [Device, Device, Device]
    const fleet = await world.connect([tested, drilled, real])
    const presses = [
      await world.press(fleet, tested, { mode: 'test' }),
      await world.press(fleet, drilled, { mode: 'drill' }),
      await world.press(fleet, real, { mode: 'drill' }),
    ]
    const ways = () => presses.map(press => wayOf(press, chronicle.told, chronicle.shown))
    await chronicle.until(
      () => ways().every(way => way.alarms.length > 0 && isTold(way, levelZero)),
      patienceMs,
      world.over,
    )
    // Nothing real is pressed where a real patrol could come.
    if (world.zone !== undefined) await world.press(fleet, real, { mode: 'actual' })
    await chronicle.until(() => ways().every(({ stepMs }) => stepMs.closed !== undefined), patienceMs, world.over)
    return judgeDrill(chronicle.told, [
      { device: tested.id, mode: 'test', turnsReal: false },
      { device: drilled.id, mode: 'drill', turnsReal: false },
      { device: real.id, mode: 'drill', turnsReal: world.zone !== undefined },
    ])
  },
}

type Device = ReturnType<typeof buttonOf>['device']
export type Expected = { device: string; mode: Alarm['mode']; turnsReal: boolean }

export function judgeDrill(told: readonly Told[], expected: readonly Expected[]): Report {
  const failures: string[] = []
  const rows = expected.map(({ device, mode, turnsReal }) => {
    const messages = modesOf(told, device)
    const marked = messages.filter(message => message.mode === mode).length
    const actual = messages.filter(message => message.mode === 'actual').length
    const closing = told.find(
      ({ message }) => message.type === 'alarm.closed' && message.data.alarm?.device.id === device,
    )?.message.data.alarm
    if (messages.length === 0) failures.push(`${device}: no message came`)
    if (messages.some(({ type, mode: said }) => type === 'alarm.raised' && said !== mode))
      failures.push(`${device}: raised as something else than ${mode}`)
    if (!turnsReal && marked < messages.length)
      failures.push(`${device}: ${messages.length - marked} of ${messages.length} messages are not marked ${mode}`)
    if (turnsReal && !messages.some(({ type, mode: said }) => type === 'alarm.pressed' && said === 'actual'))
      failures.push(`${device}: the real press in the middle of the ${mode} was not told as real`)
    const disposition = turnsReal ? 'real' : mode
    if (closing?.disposition !== disposition)
      failures.push(`${device}: closed as ${closing?.disposition ?? 'nothing: it was not closed'}, not ${disposition}`)
    return [device, String(messages.length), `${marked} ${mode}`, `${actual} actual`, closing?.disposition ?? '–']
  })
  return { lines: table(['button', 'messages', 'marked', 'real', 'closed as'], rows), failures }
}

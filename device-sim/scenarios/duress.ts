import type { Told } from '../chronicle.ts'
import { buttonOf } from '../press.ts'
import { msText, type Report, table } from '../report.ts'
import { failuresOf, isTold, type Way, wayOf } from '../way.ts'
import { commandCentre, limitMs, patienceMs, type Scenario, subBureau } from './scenario.ts'

/**
 * Somebody is forced to open a door and enters the duress code: the door opens as always and shows nothing, and the alarm is
 * told. Then a colleague presses the button: two alarms of one site, each told, each knowing of the other.
 */
export const duress: Scenario = {
  summary: 'a duress code at a door, then the button of the same site',
  centres: [commandCentre, subBureau],
  anywhere: true,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const { device: button } = buttonOf(registry, 'school-01')
    const { device: door } = buttonOf(registry, 'school-01', 'school-01-door-01')
    const fleet = await world.connect([door, button])
    await fleet.say(door.id, {
      kind: 'access',
      data: { door: door.placement ?? door.id, direction: 'in', method: 'pin', result: 'granted' },
    })
    const coerced = await world.press(fleet, door, { trigger: 'duress' })
    const of = (press: typeof coerced) => wayOf(press, chronicle.told, chronicle.shown)
    const isOut = (way: Way) => way.alarms.length > 0 && isTold(way, levelZero)
    await chronicle.until(() => isOut(of(coerced)), patienceMs, world.over)
    const pressed = await world.press(fleet, button)
    await chronicle.until(() => isOut(of(pressed)), patienceMs, world.over)
    await chronicle.until(
      () => [of(coerced), of(pressed)].every(({ stepMs }) => stepMs.closed !== undefined),
      patienceMs,
      world.over,
    )
    return judgeDuress({ door: of(coerced), button: of(pressed), told: chronicle.told, centres: levelZero })
  },
}

export function judgeDuress(seen: {
  door: Way
  button: Way
  told: readonly Told[]
  centres: readonly string[]
}): Report {
  const { door, button, centres } = seen
  const raised = (way: Way) =>
    seen.told.find(({ message: { type, data } }) => type === 'alarm.raised' && data.alarm?.device.id === way.device)
      ?.message.data.alarm
  const failures = [...failuresOf(door, centres, limitMs), ...failuresOf(button, centres, limitMs)]
  const [coerced, panic] = [raised(door), raised(button)]
  if (coerced !== undefined && coerced.trigger !== 'duress') failures.push(`the door's alarm says ${coerced.trigger}`)
  const opened = coerced?.context.recent.some(({ device, kind }) => device === door.device && kind === 'access')
  if (coerced !== undefined && !opened) failures.push('the door opening is not among what happened at the site before')
  const known = panic?.neighbours.some(({ id }) => id === coerced?.id)
  if (panic !== undefined && !known) failures.push("the button's alarm does not know of the door's")
  for (const way of [door, button]) if (way.stepMs.closed === undefined) failures.push(`${way.device} was never closed`)
  const row = (name: string, of: (way: Way) => string) => [name, of(door), of(button)]
  return {
    lines: [
      ...table(
        [`${door.siteName}: press →`, 'door, duress', 'button, panic'],
        [
          row('pubacked', way => msText(way.pubackMs)),
          ...(centres.length > 0 ? centres : Object.keys(door.toldMs)).map(centre =>
            row(centre, way => msText(way.toldMs[centre])),
          ),
          row('acknowledged', way => msText(way.stepMs.acknowledged)),
          row('closed', way => msText(way.stepMs.closed)),
        ],
      ),
      '',
      `The door was told ${Object.keys(door.shownMs).length} stages of its alarm; a door shows none of them after a duress code.`,
      `The door opening is in the alarm's context: ${opened ? 'yes' : 'no'}; the button's alarm names the door's: ${known ? 'yes' : 'no'}.`,
    ],
    failures,
  }
}

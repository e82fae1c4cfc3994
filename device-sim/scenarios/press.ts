import { buttonOf } from '../press.ts'
import { msText, type Report, table } from '../report.ts'
import { failuresOf, isTold, type Way, wayOf } from '../way.ts'
import { commandCentre, limitMs, patienceMs, type Scenario, subBureau, wholeLoop } from './scenario.ts'

/** One press through the whole loop: to the centres, taken over, on the way, there, closed, and back to the button. */
export const press: Scenario = {
  summary: 'one press through the whole loop, and back to the button',
  centres: [commandCentre, subBureau],
  anywhere: true,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const { device } = buttonOf(registry, 'school-01')
    const fleet = await world.connect([device])
    const pressed = await world.press(fleet, device)
    const way = () => wayOf(pressed, chronicle.told, chronicle.shown)
    await chronicle.until(
      () => isTold(way(), levelZero) && way().stepMs.closed !== undefined && way().shownMs.closed !== undefined,
      patienceMs,
      world.over,
    )
    return judgePress(way(), levelZero)
  },
}

export function judgePress(way: Way, centres: readonly string[]): Report {
  const told = centres.length > 0 ? centres : Object.keys(way.toldMs)
  const rows = [
    ['pubacked', msText(way.pubackMs), ''],
    ...told.map(centre => [`told: ${centre}`, msText(way.toldMs[centre]), '']),
    ['button: calling', '', msText(way.shownMs.raised)],
    ['button: received', '', msText(way.shownMs.delivered)],
    ...wholeLoop.map(step => [step, msText(way.stepMs[step]), msText(way.shownMs[step])]),
  ]
  const failures = failuresOf(way, centres, limitMs)
  if (told.length === 0) failures.push('no endpoint was told')
  for (const step of wholeLoop) {
    if (way.stepMs[step] === undefined) failures.push(`nobody was told that it is ${step}`)
    if (way.shownMs[step] === undefined) failures.push(`the button did not show that it is ${step}`)
  }
  return { lines: table([`${way.siteName}: press →`, 'told', 'the button shows'], rows), failures }
}

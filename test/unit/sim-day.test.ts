import { expect, test } from 'vitest'
import { castOf } from '../../device-sim/day/cast.ts'
import { parseDay, readDays } from '../../device-sim/day/day-file.ts'
import { mixOf } from '../../device-sim/day/mix.ts'
import { entriesOf } from '../../device-sim/day/part.ts'
import { momentOf, oClock, spanMs, spanText, weekText } from '../../device-sim/day/span.ts'
import { garbled, garbles } from '../../device-sim/garble.ts'
import { populationOf } from '../../device-sim/payloads.ts'
import { makeRegistry } from '../../device-sim/registry.ts'
import { type Entry, timetable } from '../../device-sim/timetable.ts'
import { admit } from '../../gateway/mqtt/admit.ts'

const hourMs = 3_600_000
const registry = makeRegistry({ seed: '1' }).file
const dayOf = (text: string) => {
  const { day, mistakes } = parseDay(`about: of a test\n${text}`, 'test.yaml')
  if (day === undefined) throw new Error(mistakes.join('\n'))
  return day
}
const mixed = (...texts: string[]) => mixOf(texts.map(dayOf), {})
const cast = (mix: ReturnType<typeof mixOf>, seed = '1') => castOf(mix, registry, seed, new Set())
function sourceOf(id: string) {
  const device = registry.devices.find(device => device.id === id)!
  const site = registry.sites.find(({ id }) => id === device.site)!
  return { device, siteKind: site.kind, population: populationOf('1', site) }
}
function entries(mix: ReturnType<typeof mixOf>, id: string, seed = '1'): Entry[] {
  return [...entriesOf(cast(mix, seed).parts.get(id)!, sourceOf(id), seed, mix.startMs, mix.endMs)]
}
const door = 'compound-01-door-01'

test('times are read and said', () => {
  expect(['90s', '20m', '1.5h', '7d', '5', '-1m', '1h30m'].map(spanMs)).toEqual([
    ...[90_000, 1_200_000, 5_400_000, 604_800_000],
    ...[undefined, undefined, undefined],
  ])
  const monday = 8 * hourMs
  const when = (text: string, start: number) => weekText(momentOf(oClock(text)!, start))
  expect([when('09:30', monday), when('07:30', monday), when('Mon 07:30', monday), when('Sun 00:00', monday)]).toEqual([
    'Mon 09:30',
    'Tue 07:30',
    'Mon 07:30',
    'Sun 00:00',
  ])
  expect([oClock('Mo 07:30'), oClock('24:00')]).toEqual([undefined, undefined])
  expect([90_000, 2 * hourMs, 24 * hourMs].map(spanText)).toEqual(['90s', '2h', '1d'])
})

test('days without rates live by the built-in rhythm, event for event as in a run', () => {
  const mix = mixed('name: a\nlasts: 1h\nfleet: [{ siteKind: compound }]')
  const said = entries(mix, door)
  expect(said.length).toBeGreaterThan(50)
  const plain = timetable(sourceOf(door), '1', mix.startMs)
  expect(said).toEqual(said.map(() => plain.next().value))
  expect(cast(mix).registry.sites.map(({ kind }) => kind)).toEqual(Array(11).fill('compound'))
})

test('mixed, rates add up, fleets join, and each fault comes at its time; the first start and the longest day count', () => {
  const rate = 'rates: [{ kind: access-controller, perHour: 100 }]'
  const one = `name: a\nstarts: Tue 09:00\nlasts: 10h\n${rate}\nfleet: [{ siteKind: compound }]`
  const other = `name: b\nstarts: Mon 01:00\nlasts: 2h\n${rate}\nfleet: [{ site: school-01 }]
faults: [{ at: 10:00, for: 30m, power-cut: { site: compound-02 } }, { at: 4h, press: { site: school-01 } }]`
  const mix = mixed(one, other)
  expect([weekText(mix.startMs), weekText(mix.endMs)]).toEqual(['Tue 09:00', 'Tue 19:00'])
  const played = cast(mix)
  expect(played.registry.sites.map(({ id }) => id)).toContain('school-01')
  expect(played.registry.sites).toHaveLength(12)
  expect(played.deeds.map(({ atMs, text }) => `${weekText(atMs)} ${text.replace(/ \(.*?\)/, '')}`)).toEqual([
    'Tue 10:00 power-cut: compound-02 goes dark',
    'Tue 10:30 power-cut: compound-02 is back',
    'Tue 13:00 press: panic at school-01-button-01',
  ])
  expect(entries(mix, 'school-01-button-01')).toEqual([
    {
      atMs: mix.startMs + 4 * hourMs,
      saying: { kind: 'alarm', data: { trigger: 'panic', state: 'raised', mode: 'test' } },
    },
  ])
  const alone = entries(mixed(one), door).length
  const together = entries(mix, door).length
  expect(together / alone).toBeGreaterThan(1.8)
  expect(together / alone).toBeLessThan(2.2)
})

test('the same seed gives the same events and the same devices, another seed others', async () => {
  const mix = mixOf(await readDays(['flood', 'firmware-bug', 'clock-skew']), {})
  const flooded = (seed: string) =>
    [...cast(mix, seed).parts].filter(([, { floods }]) => floods.length > 0).map(([id]) => id)
  const [id] = flooded('7') as [string]
  expect(flooded('7')).toEqual(flooded('7'))
  expect(flooded('7')).not.toEqual(flooded('8'))
  expect(flooded('7').some(id => id.includes('button'))).toBe(false)
  const said = entries(mix, id, '7')
  expect(said.length).toBeGreaterThan(2500) // 5/s for ten minutes
  expect(entries(mix, id, '7')).toEqual(said)
  expect(said.map(({ atMs }) => atMs)).toEqual(said.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
  expect(cast(mix, '7').deeds).toEqual(cast(mix, '7').deeds)
  const broken = entries(mix, door, '7').filter(({ garble }) => garble !== undefined)
  const minute = ({ atMs }: Entry) => (atMs - mix.startMs) / 60_000
  expect(broken.length).toBeGreaterThan(0)
  expect(broken.every(entry => minute(entry) % 10 >= 5)).toBe(true)
})

test('a fault that fits nobody is told by its line; one that would come after the end does not come', () => {
  const late = 'faults:\n  - { at: 3h, reconnect: { devices: all } }'
  expect(cast(mixed(`name: a\nlasts: 2h\n${late}`)).deeds).toEqual([])
  const nowhere =
    'faults:\n  - { at: 1h, for: 1m, power-cut: { site: school-99 } }\n  - { at: 1h, press: { siteKind: checkpoint } }'
  expect(() => cast(mixed(`name: a\nlasts: 2h\n${nowhere}`))).toThrow(
    /^test\.yaml:5: power-cut: .*\ntest\.yaml:6: press: /,
  )
  const often = 'faults:\n  - { at: 0s, every: 1s, reconnect: { devices: all } }'
  expect(() => cast(mixed(`name: a\nlasts: 1d\n${often}`))).toThrow(/test\.yaml:5: every: comes more than 10000 times/)
})

test('each way in which a firmware breaks an event is one that the gateway must reject', () => {
  const ids = [door, 'school-01-sensor-01', 'checkpoint-01-vehicle-01', 'checkpoint-01-face-01', 'school-01-button-01']
  const day = mixed('name: a\nlasts: 3h\nfaults: [{ at: 1h, press: { site: school-01 } }]')
  for (const id of ids) {
    const [entry] = entries(day, id)
    const text = JSON.stringify({ id: 'e-1', time: '2026-11-24T08:15:00+08:00', data: entry!.saying.data })
    const leaf = `event/${entry!.saying.kind}`
    expect(admit(leaf, Buffer.from(text), 0, Number.MAX_SAFE_INTEGER)).not.toHaveProperty('reason')
    for (const how of garbles)
      expect(admit(leaf, garbled(text, how), 0, Number.MAX_SAFE_INTEGER), how).toHaveProperty('reason')
  }
})

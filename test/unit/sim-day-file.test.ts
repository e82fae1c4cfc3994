import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseDay, readDays, shippedNames } from '../../device-sim/day/day-file.ts'

/** A day file's mistakes, each with its line, its place and the mend. */
test('every mistake is told at once, each with its line', () => {
  const { day, mistakes } = parseDay(
    `name: Bad Name
about: x
starts: 25:00
lasts: 90
fleet:
  - { siteKind: schol, knd: sensor }
rates:
  - { siteKind: school }
  - perHour:
      25:00: 3
      07:00: -1
faults:
  - at: 5m
    power-cut: { site: compound-01 }
  - at: noon
    for: 5m
    flood: { devices: all, perSecond: 0 }
  - at: 5m
    for: 20m
    every: 10m
    clock-skew: { devices: { kind: sensor }, minutes: 3 }
  - at: 5m
  - at: 5m
    for: 2m
    reconnect: { devices: all }
  - { at: 5m, reconnect: { devices: all }, press: {} }
`,
    'a.yaml',
  )
  expect(day).toBeUndefined()
  expect(mistakes).toEqual([
    'a.yaml:1: name: is "Bad Name": must be 1–64 of a–z, 0–9 and -',
    'a.yaml:3: starts: is "25:00": must be a time of the week, like Mon 07:30, or of the day, like 07:30',
    'a.yaml:4: lasts: is "90": must be a time from 1s to 366d, like 90s, 20m, 24h or 7d',
    'a.yaml:6: fleet: entry 1: siteKind: is "schol": must be one of school, kindergarten, compound, checkpoint',
    'a.yaml:6: fleet: entry 1: knd: is not known here; known are site, siteKind, kind',
    'a.yaml:8: rates: entry 1: must say either perHour or rhythm, how much of the device’s built-in rhythm',
    'a.yaml:10: rates: entry 2: perHour: 25:00: is "3": must be a time of the day, like 07:30',
    'a.yaml:11: rates: entry 2: perHour: 07:00: is "-1": must be a number from 0 to 1000000',
    'a.yaml:13: faults: entry 1: for: is missing: how long it lasts, like for: 20m',
    'a.yaml:15: faults: entry 2: at: is "noon": must be so long after the start, like 20m, or a time like 07:30 or Mon 07:30',
    'a.yaml:17: faults: entry 2: flood: perSecond: is "0": must be more than 0',
    'a.yaml:20: faults: entry 3: every: is "10m": must be no shorter than what it repeats (for)',
    'a.yaml:22: faults: entry 4: must say what goes wrong: one of power-cut, clock-skew, malformed, flood, reconnect, press',
    'a.yaml:24: faults: entry 5: for: is no span of time: reconnect is over at once; leave it out',
    'a.yaml:26: faults: entry 6: says reconnect and press; make an entry of each',
  ])
})

test('what is no YAML is told by its line, an empty file by what is missing', () => {
  expect(parseDay('name: [x\nabout', 'a.yaml').mistakes[0]).toMatch(/^a\.yaml:2: is not YAML: /)
  expect(parseDay('', 'a.yaml').mistakes).toEqual([
    'a.yaml:1: must be fields with their values, like { site: compound-01 }',
  ])
  expect(parseDay('name: a\n', 'a.yaml').mistakes).toEqual(['a.yaml:1: about: is missing: must be text'])
})

test('the shipped days are without a mistake and named as their files', async () => {
  const names = await shippedNames()
  expect(names).toEqual([
    'clock-skew',
    'firmware-bug',
    'flood',
    'night',
    'power-cut',
    'reconnect-storm',
    'replay',
    'school-day',
  ])
  expect((await readDays(names)).map(({ name }) => name)).toEqual(names)
})

test('the example in the README is a day', () => {
  const readme = readFileSync(new URL('../../device-sim/README.md', import.meta.url), 'utf8')
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  const { day, mistakes } = parseDay(example ?? '', 'README.md')
  expect(mistakes).toEqual([])
  expect(day?.faults.map(({ wrong }) => wrong.kind)).toEqual([
    'power-cut',
    'clock-skew',
    'malformed',
    'flood',
    'reconnect',
    'press',
  ])
})

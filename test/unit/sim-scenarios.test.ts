import { expect, test } from 'vitest'
import type { Shown, Told } from '../../device-sim/chronicle.ts'
import { judgeDeadEndpoint } from '../../device-sim/scenarios/dead-endpoint.ts'
import { judgeDrill } from '../../device-sim/scenarios/drill.ts'
import { judgeDuress } from '../../device-sim/scenarios/duress.ts'
import { judgeFlapping } from '../../device-sim/scenarios/flapping.ts'
import { judgePress } from '../../device-sim/scenarios/press.ts'
import { judgeSilence } from '../../device-sim/scenarios/silent.ts'
import { judgeStorm } from '../../device-sim/scenarios/storm.ts'
import { wayOf } from '../../device-sim/way.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { stages } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'
import { simAlarm } from './sim-alarm.ts'
import { told } from './sim-told.ts'

/** What each scenario calls a failure: a story that went well, and the same with one thing missing. */
const button = 'school-01-button-01'
const centres = ['command-centre', 'sub-bureau']
const pressOf = (device = button, atMs = 1000) => ({ device, siteName: '第一小学', atMs, pubackMs: 4 })
const alarmTold = (type: MessageType, centre: string, atMs: number, change: Parameters<typeof simAlarm>[0] = {}) =>
  told(type, centre, atMs, { alarm: simAlarm(change) })
const raised = (atMs: number, change: Parameters<typeof simAlarm>[0] = {}) =>
  centres.map(centre => alarmTold('alarm.raised', centre, atMs, change))

const loop = ['acknowledged', 'dispatched', 'arrived', 'closed'] as const
const shown: Shown[] = stages.map((stage, index) => ({
  device: button,
  indicate: { alarmId: 'alarm-1', stage, at: '' },
  atMs: 1010 + index,
}))

test('press: the whole loop, or what is missing of it', () => {
  const all = [...raised(1020), ...loop.map(step => alarmTold(`alarm.${step}`, 'sub-bureau', 2000))]
  expect(judgePress(wayOf(pressOf(), all, shown), centres).failures).toEqual([])
  expect(judgePress(wayOf(pressOf(), all.slice(0, -1), shown.slice(0, -1)), centres).failures).toEqual([
    'nobody was told that it is closed',
    'the button did not show that it is closed',
  ])
  expect(judgePress(wayOf(pressOf(), [], shown), []).failures).toContain('no endpoint was told')
})

test('storm: each alarm at each endpoint within 2 s, under the background that was asked for', () => {
  const ways = (lastMs: number) =>
    [1, 2, 3].map(n => {
      const device = `school-0${n}-button-01`
      const atMs = n === 3 ? lastMs : 1300
      return wayOf(pressOf(device), raised(atMs, { id: `a-${n}`, at: device }), [])
    })
  expect(judgeStorm(ways(2999), centres, { asked: 5000, pubacked: 4900, summary: [] }).failures).toEqual([])
  expect(judgeStorm(ways(3001), centres, undefined).failures).toEqual([
    '第一小学 (school-03-button-01): command-centre was told after 2001 ms, not 2000',
    '第一小学 (school-03-button-01): sub-bureau was told after 2001 ms, not 2000',
  ])
  expect(judgeStorm(ways(1300), centres, { asked: 5000, pubacked: 3000, summary: [] }).failures).toEqual([
    'the background came to 3000 of 5000 events/s: this machine is too busy for it',
  ])
  const missing = ways(1300).with(1, wayOf(pressOf(), [], []))
  expect(judgeStorm(missing, centres, undefined).failures).toContain('2 alarms for 3 presses')
})

test('flapping: the press between two drops gets through once, and no report is made of drops', () => {
  const seen = {
    way: wayOf(pressOf(), raised(1100), []),
    told: raised(1100) as Told[],
    centres,
    came: [true, true],
    presence: 'online',
    lastMs: 5,
  }
  expect(judgeFlapping(seen).failures).toEqual([])
  const device = { id: button, name: '', kind: 'panic-button', placement: null, site: 'school-01' } as const
  const report = told('device.silent', 'sub-bureau', 1200, { device: { ...device, lastSeenAt: null, flapping: false } })
  expect(judgeFlapping({ ...seen, told: [...seen.told, report] }).failures).toEqual([
    '1 reports about a device that was never silent for 90 s',
  ])
  expect(judgeFlapping({ ...seen, presence: 'offline', came: [true, false] }).failures).toHaveLength(2)
})

test('silent: told within 95 s of the cut and again when it is back, and of no other device', () => {
  const device = { id: button, name: '', kind: 'panic-button', placement: null, site: 'school-01' } as const
  const report = (type: MessageType, centre: string, atMs: number, id = button) =>
    told(type, centre, atMs, { device: { ...device, id, lastSeenAt: null, flapping: false } })
  const good = centres.flatMap(centre => [
    report('device.silent', centre, 1000 + 90_000),
    report('device.recovered', centre, 100_500),
  ])
  const seen = { device: button, told: good, centres, cutMs: 1000, mendedMs: 100_000 }
  expect(judgeSilence(seen).failures).toEqual([])
  expect(judgeSilence({ ...seen, told: good.slice(0, 3) }).failures).toEqual([
    'sub-bureau was not told device.recovered',
  ])
  const late = good.with(0, report('device.silent', 'command-centre', 1000 + 96_000))
  expect(judgeSilence({ ...seen, told: late }).failures).toEqual(['command-centre was told device.silent after 96.0 s'])
  const other = report('device.silent', 'sub-bureau', 95_000, 'school-01-door-01')
  expect(judgeSilence({ ...seen, told: [...good, other] }).failures).toEqual([
    '1 reports about others, the first of school-01-door-01',
  ])
})

test('duress: two alarms of one site, the second knows of the first, and the first of the door', () => {
  const door = 'school-01-door-01'
  const recent: Alarm['context'] = {
    recent: [{ seq: 1, device: door, kind: 'access', at: '', summary: { result: 'granted' } }],
  }
  const neighbour = { id: 'd', device: door, trigger: 'duress', mode: 'actual', stage: 'raised' } as const
  const story = (context: Alarm['context'], neighbours: Alarm['neighbours']) => {
    const all = [
      ...raised(1100, { id: 'd', at: door, trigger: 'duress', context }),
      ...raised(2100, { id: 'b', neighbours }),
      alarmTold('alarm.closed', 'sub-bureau', 3000, { id: 'd', at: door }),
      alarmTold('alarm.closed', 'sub-bureau', 3000, { id: 'b' }),
    ]
    const ways = { door: wayOf(pressOf(door), all, []), button: wayOf(pressOf(button, 2000), all, []) }
    return judgeDuress({ ...ways, told: all, centres }).failures
  }
  expect(story(recent, [neighbour])).toEqual([])
  expect(story({ recent: [] }, [])).toEqual([
    'the door opening is not among what happened at the site before',
    "the button's alarm does not know of the door's",
  ])
})

test('drill: one message that is not marked is a failure, and so is a real press told as a drill', () => {
  const drilled = (mode: Alarm['mode']) => [
    alarmTold('alarm.raised', 'sub-bureau', 1, { mode: 'drill' }),
    alarmTold('alarm.pressed', 'sub-bureau', 2, { mode }),
    alarmTold('alarm.closed', 'sub-bureau', 3, { mode, disposition: mode === 'drill' ? 'drill' : 'real' }),
  ]
  const expected = { device: button, mode: 'drill', turnsReal: false } as const
  expect(judgeDrill(drilled('drill'), [expected]).failures).toEqual([])
  expect(judgeDrill(drilled('actual'), [expected]).failures).toHaveLength(2)
  expect(judgeDrill(drilled('actual'), [{ ...expected, turnsReal: true }]).failures).toEqual([])
  expect(judgeDrill(drilled('drill'), [{ ...expected, turnsReal: true }]).failures).toHaveLength(2)
  expect(judgeDrill([], [expected]).failures).toHaveLength(2)
})

test('dead-endpoint: the living one in time, a fault about the dead one, then level 1', () => {
  const second = pressOf('school-02-button-01', 10_000)
  const fault = told('gateway.fault', 'station', 2000, {
    fault: { code: 'endpoint-failing', subject: 'sub-bureau', message: '' },
  })
  const escalated = alarmTold('alarm.escalated', 'station', 15_200, { at: second.device, escalationLevel: 1 })
  const good = [alarmTold('alarm.raised', 'command-centre', 1100), fault, escalated]
  expect(judgeDeadEndpoint(good, pressOf(), second).failures).toEqual([])
  expect(judgeDeadEndpoint(good.toSpliced(1, 1), pressOf(), second).failures).toEqual([
    'nobody was told that sub-bureau fails (gateway.fault)',
  ])
  expect(judgeDeadEndpoint(good.slice(0, 2), pressOf(), second).failures).toEqual([
    'level 1 was told after –, not within 7000 ms',
  ])
  expect(judgeDeadEndpoint(good.slice(1), pressOf(), second).failures).toHaveLength(1)
})

import { expect, test } from 'vitest'
import type { Shown, Told } from '../../device-sim/chronicle.ts'
import { createChronicle } from '../../device-sim/chronicle.ts'
import { indicateText, readIndicate } from '../../device-sim/indicate.ts'
import { percentile, reportText, table, waysTable, widthOf } from '../../device-sim/report.ts'
import { failuresOf, type Way, wayOf } from '../../device-sim/way.ts'
import { type Stage, stages } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'
import { simAlarm } from './sim-alarm.ts'
import { told } from './sim-told.ts'

const press = { device: 'school-01-button-01', siteName: '第一小学', atMs: 1000, pubackMs: 4 }
const toldOf = (type: MessageType, centre: string, atMs: number, id = 'alarm-1'): Told =>
  told(type, centre, atMs, { alarm: simAlarm({ id }) })
const shownOf = (stage: Stage, atMs: number): Shown => ({
  device: press.device,
  indicate: { alarmId: 'alarm-1', stage, at: '' },
  atMs,
})

test('each stage has its own words on the button, and the incident number where there is one', () => {
  const texts = stages.map(stage => indicateText({ alarmId: 'a', stage, at: '' }))
  expect(texts).toEqual(['calling for help', 'received', 'taken over', 'on the way', 'help is there', 'closed'])
  expect(indicateText({ alarmId: 'a', stage: 'acknowledged', incidentNo: 'JQ-1', at: '' })).toBe(
    'taken over, incident JQ-1',
  )
})

test('what is no indication is not shown', () => {
  const good = { alarmId: 'a', stage: 'delivered', at: '2026-11-24T00:00:00Z' }
  expect(readIndicate(Buffer.from(JSON.stringify(good)))).toEqual(good)
  for (const bad of ['', 'no JSON', '{}', '{"alarmId":"a","stage":"lost","at":""}'])
    expect(readIndicate(Buffer.from(bad))).toBeUndefined()
})

test('the way of a press holds the first time each centre was told, each step and each indication', () => {
  const way = wayOf(
    press,
    [
      toldOf('alarm.raised', 'centre', 900, 'an earlier one'),
      toldOf('alarm.raised', 'centre', 1020),
      toldOf('alarm.raised', 'bureau', 1030),
      toldOf('alarm.raised', 'centre', 4000),
      told('alarm.raised', 'centre', 1001, { alarm: simAlarm({ at: 'school-02-button-01' }) }),
      toldOf('alarm.acknowledged', 'bureau', 3000),
      toldOf('alarm.closed', 'bureau', 9000),
    ],
    [shownOf('closed', 500), shownOf('raised', 1015), shownOf('delivered', 1040), shownOf('delivered', 1900)],
  )
  expect(way).toMatchObject({
    alarms: ['alarm-1'],
    toldMs: { centre: 20, bureau: 30 },
    stepMs: { acknowledged: 2000, closed: 8000 },
    shownMs: { raised: 15, delivered: 40 },
  })
  expect(failuresOf(way, ['centre', 'bureau'], 2000)).toEqual([])
})

test('a press that reached nobody, too late, or became two alarms is a failure in words', () => {
  expect(failuresOf(wayOf(press, [], []), ['centre'], 2000)).toEqual([
    '第一小学 (school-01-button-01): no alarm was raised',
    '第一小学 (school-01-button-01): centre was not told',
  ])
  const late = wayOf(press, [toldOf('alarm.raised', 'centre', 3500), toldOf('alarm.raised', 'centre', 3501, 'b')], [])
  expect(failuresOf(late, ['centre'], 2000)).toEqual([
    '第一小学 (school-01-button-01): 2 alarms for one press',
    '第一小学 (school-01-button-01): centre was told after 2500 ms, not 2000',
  ])
})

test('columns stand below each other, Chinese names too', () => {
  const lines = table(
    ['site', 'ms'],
    [
      ['第一小学', '9'],
      ['gate', '1234'],
    ],
  )
  expect(lines).toEqual(['site        ms', '第一小学     9', 'gate      1234'])
  expect(new Set(lines.map(widthOf))).toEqual(new Set([14]))
})

test('percentiles are of the nearest rank', () => {
  const values = [5, 1, 4, 2, 3]
  expect([0.5, 0.9, 0.01, 1].map(p => percentile(values, p))).toEqual([3, 5, 1, 5])
  expect(percentile([], 0.5)).toBeUndefined()
})

test('the storm’s table has a row for each press and ends with p50, p99 and the slowest', () => {
  const way = (siteName: string, ms: number): Way => ({
    ...wayOf({ ...press, siteName }, [toldOf('alarm.raised', 'centre', 1000 + ms)], [shownOf('delivered', 1500)]),
  })
  const lines = waysTable([way('第一小学', 100), way('第二小学', 300), way('第三小学', 200)], ['centre'])
  expect(lines).toHaveLength(9)
  expect(lines[0]).toMatch(/^press → +pubacked +centre +button: calling +button: received$/)
  expect(lines.find(line => line.startsWith('第二小学'))).toMatch(/4\.0 ms +300 ms +– +500 ms$/)
  expect(lines.find(line => line.startsWith('p50'))).toMatch(/200 ms/)
  expect(lines.find(line => line.startsWith('slowest'))).toMatch(/300 ms/)
})

test('a report says that it failed, and why', () => {
  expect(reportText('storm', { lines: ['x'], failures: [] })).toMatch(/storm: as expected$/)
  expect(reportText('storm', { lines: ['x'], failures: ['one', 'two'] })).toMatch(
    /storm: FAILED\n {2}- one\n {2}- two$/,
  )
})

test('the chronicle tells a waiting scenario as soon as what it waits for came, and gives up in time', async () => {
  const chronicle = createChronicle()
  const waiting = chronicle.until(() => chronicle.told.length === 2, 10_000)
  chronicle.noteTold(toldOf('alarm.raised', 'centre', 1))
  chronicle.noteTold(toldOf('alarm.raised', 'bureau', 2))
  expect(await waiting).toBe(true)
  expect(await chronicle.until(() => false, 5)).toBe(false)
  const stop = new AbortController()
  const stopped = chronicle.until(() => false, 10_000, stop.signal)
  stop.abort()
  expect(await stopped).toBe(false)
})

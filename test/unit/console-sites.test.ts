import { expect, test } from 'vitest'
import { openAt } from '../../gateway/console/app/at-site.ts'
import { type SummaryWords, summaryOf } from '../../gateway/console/app/events/summary.ts'
import { filterOf, isBegun, isNarrow, rowsOf, totalsOf } from '../../gateway/console/app/sites/filter.ts'
import type { MaintenanceView } from '../../schemas/actions.ts'
import type { DeviceView, SiteView } from '../../schemas/api.ts'
import { alarmOf } from './console-alarm.ts'

const site = (id: string, name: string): SiteView => ({
  id,
  name,
  kind: 'school',
  address: null,
  location: null,
  responseMinutes: 3,
  devices: 0,
  openAlarms: 0,
})
const device = (id: string, at: string, more: Partial<DeviceView> = {}): DeviceView => ({
  id,
  site: at,
  kind: 'panic-button',
  name: '门卫室按钮',
  placement: '门卫室',
  externalId: null,
  connected: true,
  presence: 'online',
  lastSeenAt: '2026-11-24T00:00:00.000Z',
  battery: null,
  disabled: false,
  rotation: null,
  missing: 0,
  ...more,
})
const sites = [site('s-1', '第一小学'), site('s-2', '第二小学'), site('s-3', '绿苑小区')]
const devices = [
  device('b-1', 's-1'),
  device('d-1', 's-1', { kind: 'access-controller', name: '大门', placement: '北门', missing: 4 }),
  device('b-2', 's-2', { presence: 'silent', battery: 12 }),
  device('b-3', 's-2', { disabled: true, presence: 'offline', battery: 3 }),
]
const window: MaintenanceView = { id: 'w', site: 's-1', device: null, from: '', until: '', by: '', note: null }
const shown = (query: Record<string, string>, windows: MaintenanceView[] = []) =>
  rowsOf(sites, devices, windows, filterOf(query)).map(row => [row.site.id, ...row.shown.map(({ id }) => id)].join(' '))

test('nothing asked for is everything, sites without a device too', () => {
  expect(shown({})).toEqual(['s-1 b-1 d-1', 's-2 b-2 b-3', 's-3'])
  expect(isNarrow(filterOf({}))).toBe(false)
  expect(isNarrow(filterOf({ find: 'x' }))).toBe(true)
})

test('a filter leaves what matches, and the sites of that', () => {
  expect(shown({ site: 's-2' })).toEqual(['s-2 b-2 b-3'])
  expect(shown({ kind: 'access-controller' })).toEqual(['s-1 d-1'])
  expect(shown({ state: 'silent' })).toEqual(['s-2 b-2'])
  // A disabled one is disabled, whatever else.
  expect(shown({ state: 'offline' })).toEqual([])
  expect(shown({ state: 'disabled' })).toEqual(['s-2 b-3'])
  expect(shown({ state: 'gaps' })).toEqual(['s-1 d-1'])
  expect(shown({ state: 'battery' })).toEqual(['s-2 b-2 b-3'])
  expect(shown({ state: 'maintenance' }, [window])).toEqual(['s-1 b-1 d-1'])
  expect(shown({ state: 'maintenance' }, [{ ...window, site: null, device: 'b-2' }])).toEqual(['s-2 b-2'])
  expect(shown({ state: 'no such state' })).toHaveLength(3)
})

test('a search finds a site with all it has, or a device by name, id or place', () => {
  expect(shown({ find: '第二' })).toEqual(['s-2 b-2 b-3'])
  expect(shown({ find: ' B-1 ' })).toEqual(['s-1 b-1'])
  expect(shown({ find: '门卫室' })).toEqual(['s-1 b-1', 's-2 b-2 b-3'])
  expect(shown({ find: '绿苑' })).toEqual(['s-3'])
  expect(shown({ find: '绿苑', state: 'silent' })).toEqual([])
})

test("a site's line counts nothing that is disabled", () => {
  expect(totalsOf(devices.filter(one => one.site === 's-2'))).toEqual({
    counted: 1,
    online: 0,
    lastSeenAt: '2026-11-24T00:00:00.000Z',
    missing: 0,
    battery: 12,
  })
  expect(totalsOf([])).toEqual({ counted: 0, online: 0, lastSeenAt: null, missing: 0, battery: null })
})

test('an event says in one line what it is, in words, with nothing that is not there', () => {
  // Of its own: the console's bring the browser's types along.
  const words: SummaryWords = {
    directions: { in: '进', out: '出' },
    methods: { card: '刷卡' },
    results: { denied: '拒绝' },
    matches: { stranger: '陌生人' },
    states: { raised: '触发' },
    triggers: { panic: '一键报警' },
    modes: { actual: '真实', drill: '演练' },
    metrics: count => `另 ${count} 项`,
    battery: '电量',
    unreadable: '此版本读不出内容',
    noPlate: '无车牌',
  }
  const say = (kind: string, data: Record<string, unknown> | null) => summaryOf({ kind, data }, words)
  expect(say('access', { door: '东门', direction: 'in', method: 'card', result: 'denied' })).toBe(
    '东门 · 进 · 刷卡 · 拒绝',
  )
  expect(say('face', { camera: 'c1', match: 'stranger', score: 0.345 })).toBe('c1 · 陌生人 · 35%')
  expect(say('vehicle', { lane: '1', direction: 'out', plateKey: null })).toBe('1 · 出 · 无车牌')
  expect(say('vehicle', { lane: '1', direction: 'out', plateKey: 'ab', speedKmh: 0 })).toBe('1 · 出 · 0 km/h')
  expect(say('alarm', { trigger: 'panic', state: 'raised', mode: 'actual' })).toBe('一键报警 · 触发')
  expect(say('alarm', { trigger: 'panic', state: 'raised', mode: 'drill' })).toBe('一键报警 · 触发 · 演练')
  expect(say('telemetry', { metrics: { a: 1, b: 2, c: 3, d: 4, e: 5 } })).toBe('a 1 · b 2 · c 3 · d 4 · 另 1 项')
  expect(say('heartbeat', {})).toBe('')
  expect(say('heartbeat', { battery: 0 })).toBe('电量 0%')
  expect(say('status', { status: 'offline' })).toBe('offline')
  expect(say('access', null)).toBe('此版本读不出内容')
})

test('a window that may have begun is looked for at just that place', () => {
  expect(isBegun([window], { of: 'site', id: 's-1' })).toBe(true)
  expect(isBegun([window], { of: 'site', id: 's-2' })).toBe(false)
  // Its site's is not its own.
  expect(isBegun([window], { of: 'device', id: 'b-1' })).toBe(false)
})

test("a site's open alarms, and what else is open where an alarm is", () => {
  const elsewhere = alarmOf({ id: 'c', site: { ...alarmOf().site, id: 'school-02' } })
  const open = [alarmOf({ id: 'a' }), alarmOf({ id: 'b' }), elsewhere]
  expect(openAt(open, 'school-01').map(({ id }) => id)).toEqual(['a', 'b'])
  expect(openAt(open, 'school-01', 'a').map(({ id }) => id)).toEqual(['b'])
  expect(openAt(open, 'school-03')).toEqual([])
})

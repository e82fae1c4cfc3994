import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Identity, leafOf, maySubscribe } from '../../gateway/mqtt/authorize.ts'

const prefix = 'gh/v1/school-01/button-1'
const device: Identity = { role: 'device', device: 'button-1', site: 'school-01', prefix }
const monitor: Identity = { role: 'monitor', account: 'engineer' }

test('a device publishes behind its own prefix and nowhere else', () => {
  expect(leafOf(device, `${prefix}/event/alarm`)).toBe('event/alarm')
  expect(leafOf(device, `${prefix}/`)).toBe('')
  for (const topic of [
    prefix,
    `${prefix}0/heartbeat`,
    `/${prefix}/heartbeat`,
    'gh/v1/school-01/button-2/heartbeat',
    '$SYS/x',
    '',
  ])
    expect(leafOf(device, topic), topic).toBeUndefined()
})

test('a monitor publishes nothing', () => {
  expect(leafOf(monitor, `${prefix}/heartbeat`)).toBeUndefined()
})

test.each([`${prefix}/ack`, `${prefix}/command/#`, `${prefix}/command/indicate`, `${prefix}/command/+`])(
  'a device may subscribe to %s',
  filter => {
    expect(maySubscribe(device, filter)).toBe(true)
  },
)

test.each([
  '#',
  '+/#',
  'gh/v1/#',
  `${prefix}/#`,
  `${prefix}/+`,
  `${prefix}/ack/#`,
  `${prefix}/command`,
  '$SYS/#',
  'gh/v1/+/+/ack',
  `${prefix}/command/#/x`,
  `${prefix}/command/a#`,
  `${prefix}/command/+a`,
])('a device may not subscribe to %s', filter => {
  expect(maySubscribe(device, filter)).toBe(false)
})

test('a monitor may subscribe to what lies under gh/v1/', () => {
  for (const filter of ['gh/v1/#', 'gh/v1/+/+/event/alarm', 'gh/v1/school-01/#'])
    expect(maySubscribe(monitor, filter)).toBe(true)
  for (const filter of [
    '#',
    '+/v1/#',
    'gh/#',
    'gh/v1',
    'gh/v1#',
    'gh/v1/a#',
    'gh/v1/#/x',
    '$SYS/#',
    '$share/g/gh/v1/#',
  ])
    expect(maySubscribe(monitor, filter), filter).toBe(false)
})

test("no filter that a device may have matches another device's topics", () => {
  const level = fc.constantFrom(
    'gh',
    'v1',
    'school-01',
    'button-1',
    'button-2',
    'ack',
    'command',
    'indicate',
    '+',
    '#',
    '',
  )
  const foreign = ['gh/v1/school-01/button-2/ack', 'gh/v1/school-02/button-1/command/indicate', '$SYS/x/new/clients']
  fc.assert(
    fc.property(fc.array(level, { maxLength: 7 }), levels => {
      const filter = levels.join('/')
      if (maySubscribe(device, filter)) for (const topic of foreign) expect(matches(filter, topic)).toBe(false)
    }),
    { numRuns: 2000, seed: 3 },
  )
})

/** MQTT 3.1.1, 4.7. */
function matches(filter: string, topic: string): boolean {
  const pattern = filter
    .split('/')
    .map(level => (level === '+' ? '[^/]*' : level === '#' ? '.*' : level.replace(/[$.*]/g, '\\$&')))
    .join('/')
    .replace(/\/\.\*$/, '(/.*)?')
  return !(topic.startsWith('$') && /^[+#]/.test(filter)) && new RegExp(`^${pattern}$`).test(topic)
}

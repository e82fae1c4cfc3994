/** Payloads as JSON text, so that what JavaScript would change while writing them down stays as a device sends it. */
export type Case = { kind: string; what: string; json: string }

const json = JSON.stringify
const time = '2026-11-24T08:15:00.250+08:00'
const door = { door: '南门', direction: 'in', method: 'card', result: 'granted' }
const passed = { camera: 'c', match: 'stranger' }
const car = { lane: '1', direction: 'out', plate: null }
const press = { trigger: 'panic', state: 'raised', mode: 'actual' }
const metrics = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, index]))

const event = (data: unknown, more: object = {}) => json({ id: 'a', ...more, data })
const access = (change: object, more: object = {}) => event({ ...door, ...change }, more)
const without = (object: object, key: string) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))

const cases = (list: [kind: string, what: string, json: string][]): Case[] =>
  list.map(([kind, what, text]) => ({ kind, what, json: text }))

export const good = cases([
  ['access', 'the least', access({})],
  ['access', 'an id of 64 characters', access({}, { id: 'aZ9._:-0'.repeat(8) })],
  ['access', 'fields it does not know', access({ colour: 'red' }, { vendor: { deep: [1] } })],
  ['access', 'a door of 64 Chinese characters', access({ door: '门'.repeat(64) })],
  ['access', 'a door of 64 characters beyond the BMP', access({ door: '𠮷'.repeat(64) })],
  ['access', 'a number that is whole though written with a point', `{"id":"a","seq":7.0,"data":${json(door)}}`],
  ['access', 'the highest whole number', access({}, { seq: Number.MAX_SAFE_INTEGER })],
  ['access', 'an empty reason', access({ reason: '' })],
  ['access', 'a time with lower-case t and z', access({}, { time: '2026-11-24t00:15:00z' })],
  ['access', 'a leap second', access({}, { time: '2016-12-31T23:59:60Z' })],
  ['access', 'the 29th of February of a leap year', access({}, { time: '2024-02-29T00:00:00Z' })],
  ['access', 'the last of two equal keys', `{"id":7,"id":"a","data":${json(door)}}`],
  ['face', 'the least', event(passed)],
  ['face', 'a score at each end', event({ ...passed, score: 1, list: '布控' })],
  ['face', 'a score written with an exponent', `{"id":"a","data":{"camera":"c","match":"known","score":9.7e-1}}`],
  ['face', 'an image of 512 characters', event({ ...passed, image: `https://h/${'x'.repeat(502)}` })],
  ['face', 'an image whose path is Chinese', event({ ...passed, image: 'http://主机/图片.jpg?n=1' })],
  ['vehicle', 'no plate', event(car)],
  ['vehicle', 'an unreadable plate', event({ ...car, plate: '晋A-D291' })],
  ['vehicle', 'a speed at the limit', event({ ...car, speedKmh: 400, confidence: 0 })],
  ['alarm', 'the least', event(press)],
  ['alarm', 'a drill that was buffered', event({ ...press, mode: 'drill' }, { time, buffered: true })],
  ['telemetry', 'one number', event({ metrics: { a: -1.5e300 } })],
  ['telemetry', '32 numbers', event({ metrics: metrics(32) })],
  ['telemetry', 'a name of 32 characters', event({ metrics: { [`a${'Z'.repeat(31)}`]: 0 } })],
  ['heartbeat', 'an empty object', '{}'],
  ['heartbeat', 'an empty battery', json({ battery: 0, rssi: -120, uptimeS: 0.5 })],
  ['status', 'offline', json({ status: 'offline', boot: 0 })],
  ['webhook-reply', 'an empty object', '{}'],
  ['registry', 'an empty registry', json({ version: 1 })],
])

export const bad = cases([
  ['access', 'an array', '[]'],
  ['access', 'text', '"access"'],
  ['access', 'null', 'null'],
  ['access', 'an empty object', '{}'],
  ['access', 'no id', json({ data: door })],
  ['access', 'an id that is a number', access({}, { id: 7 })],
  ['access', 'an empty id', access({}, { id: '' })],
  ['access', 'an id of 65 characters', access({}, { id: 'a'.repeat(65) })],
  ['access', 'an id with a space', access({}, { id: 'a b' })],
  ['access', 'an id with a line break at its end', access({}, { id: 'a\n' })],
  ['access', 'an id in Chinese', access({}, { id: '编号' })],
  ['access', 'a time without offset', access({}, { time: '2026-11-24T08:15:00' })],
  ['access', 'a time in milliseconds', access({}, { time: 1764000000000 })],
  ['access', 'a time that is null', access({}, { time: null })],
  ['access', 'the 30th of February', access({}, { time: '2026-02-30T00:00:00Z' })],
  ['access', 'the 29th of February of a common year', access({}, { time: '2026-02-29T00:00:00Z' })],
  ['access', 'hour 24', access({}, { time: '2026-11-24T24:00:00Z' })],
  ['access', 'a time of 65 characters', access({}, { time: `2026-11-24T00:15:00.${'1'.repeat(44)}Z` })],
  ['access', 'a sequence number below 0', access({}, { seq: -1 })],
  ['access', 'half a sequence number', access({}, { seq: 1.5 })],
  ['access', 'a sequence number beyond 2^53', access({}, { seq: 2 ** 53 })],
  ['access', 'buffered as a word', access({}, { buffered: 'true' })],
  ['access', 'no data', json({ id: 'a' })],
  ['access', 'data that is a list', event([door])],
  ['access', 'no door', event(without(door, 'door'))],
  ['access', 'an empty door', access({ door: '' })],
  ['access', 'a door of 65 characters', access({ door: '门'.repeat(65) })],
  ['access', 'a door of 65 characters beyond the BMP', access({ door: '𠮷'.repeat(65) })],
  ['access', 'a line break in the door', access({ door: 'a\nb' })],
  ['access', 'a direction that there is not', access({ direction: 'IN' })],
  ['access', 'a method that there is not', access({ method: 'magic' })],
  ['access', 'no result', event(without(door, 'result'))],
  ['access', 'a reason of 129 characters', access({ reason: 'r'.repeat(129) })],
  ['access', 'a reason that is null', access({ reason: null })],
  ['access', 'a person without role', access({ person: { ref: 'p' } })],
  ['access', 'a person with an empty ref', access({ person: { ref: '', role: 'staff' } })],
  ['face', 'a score above 1', event({ ...passed, score: 1.01 })],
  ['face', 'a score that is text', event({ ...passed, score: '0.9' })],
  ['face', 'a score too big for a double', `{"id":"a","data":{"camera":"c","match":"known","score":1e999}}`],
  ['face', 'a picture inside the message', event({ ...passed, image: 'data:image/png;base64,iVBORw0KGgo=' })],
  ['face', 'an image of another scheme', event({ ...passed, image: 'ftp://h/x.jpg' })],
  ['face', 'an image without host', event({ ...passed, image: 'https:///x.jpg' })],
  ['face', 'an image with a space', event({ ...passed, image: 'https://h/a b.jpg' })],
  ['face', 'an image of 513 characters', event({ ...passed, image: `https://h/${'x'.repeat(503)}` })],
  ['vehicle', 'no plate at all', event(without(car, 'plate'))],
  ['vehicle', 'a plate of 17 characters', event({ ...car, plate: '1'.repeat(17) })],
  ['vehicle', 'a speed below 0', event({ ...car, speedKmh: -1 })],
  ['vehicle', 'a speed above 400', event({ ...car, speedKmh: 400.1 })],
  ['vehicle', 'a plate colour that there is not', event({ ...car, plateColor: '蓝' })],
  ['alarm', 'an access event', access({})],
  ['alarm', 'no mode', event(without(press, 'mode'))],
  ['alarm', 'a mode that there is not', event({ ...press, mode: 'real' })],
  ['alarm', 'a state that is a truth value', event({ ...press, state: true })],
  ['alarm', 'a note of 257 characters', event({ ...press, note: '注'.repeat(257) })],
  ['telemetry', 'no numbers', event({ metrics: {} })],
  ['telemetry', '33 numbers', event({ metrics: metrics(33) })],
  ['telemetry', 'a number that is text', event({ metrics: { a: '1' } })],
  ['telemetry', 'NaN as JSON.stringify writes it', event({ metrics: { a: Number.NaN } })],
  ['telemetry', 'a number too big for a double', '{"id":"a","data":{"metrics":{"a":-1e999}}}'],
  ['telemetry', 'a name that starts upper-case', event({ metrics: { A: 1 } })],
  ['telemetry', 'a name of 33 characters', event({ metrics: { [`a${'z'.repeat(32)}`]: 1 } })],
  ['telemetry', 'a list', event({ metrics: [1] })],
  ['telemetry', 'only __proto__', '{"id":"a","data":{"metrics":{"__proto__":1}}}'],
  ['heartbeat', 'a battery above 100', json({ battery: 101 })],
  ['heartbeat', 'a firmware of 33 characters', json({ firmware: '1'.repeat(33) })],
  ['heartbeat', 'an uptime below 0', json({ uptimeS: -1 })],
  ['status', 'no boot number', json({ status: 'online' })],
  ['status', 'a status that there is not', json({ status: 'busy', boot: 1 })],
  ['status', 'half a boot number', json({ status: 'online', boot: 0.5 })],
  ['webhook-reply', 'an incident number that is a number', json({ incidentNo: 42 })],
  ['registry', 'another version', json({ version: 2 })],
  ['registry', 'a site whose id is upper-case', json({ version: 1, sites: [{ id: 'S', name: 's', kind: 'school' }] })],
  [
    'registry',
    'a response class that there is not',
    json({ version: 1, sites: [{ id: 's', name: 's', kind: 'school', responseMinutes: 2 }] }),
  ],
  [
    'registry',
    'a hash in upper case',
    json({ version: 1, devices: [{ id: 'd', site: 's', kind: 'sensor', secretHash: `sha256:${'A'.repeat(64)}` }] }),
  ],
  ['registry', 'an endpoint of another scheme', json({ version: 1, endpoints: [{ id: 'e', url: 'mqtt://h' }] })],
])

/** Where the two differ, because JSON Schema can't say it or zod's record passes over it. */
export const exceptions: (Case & { zod: boolean; jsonSchema: boolean })[] = [
  {
    kind: 'registry',
    what: 'a URL that has the form but can not be parsed',
    json: json({ version: 1, endpoints: [{ id: 'e', url: 'http://host:99999/' }] }),
    zod: false,
    jsonSchema: true,
  },
  {
    kind: 'telemetry',
    what: 'a metric named __proto__ beside others, which zod leaves out',
    json: '{"id":"a","data":{"metrics":{"__proto__":1,"a":1}}}',
    zod: true,
    jsonSchema: false,
  },
]

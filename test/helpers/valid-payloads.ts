/** Unusual payloads that the contract allows, so they must be stored. Each has an id of its own, or none (heartbeat, status). */
export type ValidPayload = [name: string, leaf: string, payload: string | Buffer]

const door = { door: 'East gate', direction: 'in', method: 'card', result: 'granted' }
const panic = { trigger: 'panic', state: 'raised', mode: 'test' }
let count = 0
const id = () => `valid-${++count}`

const event = (data: object, more: object = {}) => JSON.stringify({ id: id(), ...more, data })
const access = (data: object, more: object = {}) => event({ ...door, ...data }, more)
const alarm = (data: object, more: object = {}) => event({ ...panic, ...data }, more)
const vehicle = (data: object) => event({ lane: '1', direction: 'unknown', plate: null, ...data })
const face = (data: object) => event({ camera: 'c1', match: 'stranger', ...data })
const metrics = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, index]))
/** Filled up by an unknown field to exactly so many bytes. */
const ofBytes = (bytes: number) => {
  const empty = access({}, { fill: '' })
  return empty.replace('"fill":""', `"fill":"${'x'.repeat(bytes - empty.length)}"`)
}

export const maxPayloadBytes = 65_536
export const validPayloads: ValidPayload[] = [
  ['unknown fields', 'event/access', access({ more: [1, { a: null }] }, { vendor: 'x', version: 3 })],
  [
    '__proto__ and constructor as unknown fields',
    'event/access',
    access({}).replace('{', '{"__proto__":{"id":1},"constructor":{"prototype":{}},'),
  ],
  [
    'an unknown field 16 levels deep',
    'event/access',
    access({}).replace('{', `{"more":${'['.repeat(15)}${']'.repeat(15)},`),
  ],
  ['1e400 in an unknown field', 'event/access', access({}).replace('{', '{"more":1e400,')],
  [
    'pretty-printed with CRLF and tabs',
    'event/access',
    JSON.stringify(JSON.parse(access({})), null, '\t').replaceAll('\n', '\r\n'),
  ],
  ['white space around it', 'event/access', `\r\n ${access({})}\t\n`],
  ['data before id', 'event/access', JSON.stringify({ data: door, id: id() })],
  ['every character an id may have', 'event/access', access({}, { id: 'AZaz09._:-' })],
  ['an id of 64 characters', 'event/access', access({}, { id: 'i'.repeat(64) })],
  ['a door of 64 characters beyond the basic plane', 'event/access', access({ door: '𠮷'.repeat(64) })],
  ['emoji, a joined family and a flag', 'event/access', access({ door: '🚪👨‍👩‍👧‍👦🇨🇳' })],
  [
    'escaped quotes, slashes and backslashes',
    'event/access',
    access({ door: '"East" \\ gate/1' }).replace('gate/1', 'gate\\/1'),
  ],
  [
    'braces, colons and key-like text in a text',
    'event/access',
    access({ reason: '{"id":1,"id":2}[[[[[[[[[[[[[[[[[[[[' }),
  ],
  [
    '\\u escapes, a surrogate pair among them',
    'event/access',
    access({}).replace('East gate', '\\u4e1c\\u95e8\\ud83d\\ude00'),
  ],
  ['a door that is a path, with equals, comma and space', 'event/access', access({ door: 'a=b, c=d' })],
  ['half a surrogate pair, as a cut text has', 'event/access', access({ reason: 'x' }).replace('"x"', '"\\ud83d"')],
  ['NUL in a free text', 'event/access', access({ reason: 'x' }).replace('"x"', '"\\u0000"')],
  [
    'all texts at their longest',
    'event/access',
    access({ reason: '因'.repeat(128), person: { ref: '人'.repeat(64), role: 'unknown' } }),
  ],
  ['seq 0', 'event/access', access({}, { seq: 0 })],
  ['the largest seq', 'event/access', access({}, { seq: Number.MAX_SAFE_INTEGER })],
  ['seq 1e3 and 2.0', 'event/access', access({}, { seq: 1000 }).replace('1000', '1e3')],
  ['seq -0', 'event/access', access({}, { seq: 0 }).replace('"seq":0', '"seq":-0')],
  ['buffered false', 'event/access', access({}, { buffered: false })],
  ['a leap second', 'event/access', access({}, { time: '2016-12-31T23:59:60Z', buffered: true })],
  ['lower-case t and z', 'event/access', access({}, { time: '2026-11-24t08:15:00z' })],
  ['a space for T', 'event/access', access({}, { time: '2026-11-24 08:15:00+08:00' })],
  ['nanoseconds', 'event/access', access({}, { time: '2026-11-24T08:15:00.123456789Z' })],
  ['29 February of a leap year', 'event/access', access({}, { time: '2024-02-29T00:00:00-00:00' })],
  ['the year 0001', 'event/access', access({}, { time: '0001-01-01T00:00:00+23:59' })],
  ['the year 9999', 'event/alarm', alarm({}, { time: '9999-12-31T23:59:59-23:59' })],
  ['the largest payload', 'event/access', ofBytes(maxPayloadBytes)],
  ['one byte below', 'event/access', ofBytes(maxPayloadBytes - 1)],
  ['no plate', 'event/vehicle', vehicle({ plate: null })],
  ['an empty plate', 'event/vehicle', vehicle({ plate: '' })],
  ['an unreadable plate', 'event/vehicle', vehicle({ plate: '晋A-7-31', confidence: 0, speedKmh: 400 })],
  [
    'a plate of 16 characters',
    'event/vehicle',
    vehicle({ plate: '晋'.repeat(16), plateColor: 'green', vehicleType: '' }),
  ],
  ['score 1 and an URL of 512 characters', 'event/face', face({ score: 1, image: `HTTPS://a/${'b'.repeat(502)}` })],
  ['score as small as can be', 'event/face', face({ score: 5e-324, list: '名单' })],
  ['a note of 256 characters', 'event/alarm', alarm({ note: '🚨'.repeat(256) })],
  ['a drill', 'event/alarm', alarm({ mode: 'drill', trigger: 'forced-door' })],
  ['restored, with nothing raised', 'event/alarm', alarm({ state: 'restored', trigger: 'fault' })],
  ['32 metrics', 'event/telemetry', event({ metrics: metrics(32) })],
  [
    'the largest and the smallest metric',
    'event/telemetry',
    event({ metrics: { a: 1.7976931348623157e308, b: -5e-324 } }),
  ],
  ['a metric name of 32 characters', 'event/telemetry', event({ metrics: { ['m'.repeat(32)]: 1 } })],
  [
    'metrics named like what objects have',
    'event/telemetry',
    event({ metrics: { constructor: 1, toString: 2, hasOwnProperty: 3 } }),
  ],
  [
    'metrics named like fields and tags of ours',
    'event/telemetry',
    event({ metrics: { id: 1, seq: 2, count: 3, time: 4, device: 5 } }),
  ],
  [
    'a metric __proto__ beside a good one',
    'event/telemetry',
    event({ metrics: { a: 1 } }).replace('{"a"', '{"__proto__":2,"a"'),
  ],
  ['a heartbeat of nothing', 'heartbeat', ''],
  ['an empty heartbeat', 'heartbeat', ' {} '],
  [
    'a full heartbeat',
    'heartbeat',
    JSON.stringify({ uptimeS: 1e9, battery: 0, rssi: -113.5, firmware: '版本'.repeat(16) }),
  ],
  ['boot 0', 'status', '{"status":"online","boot":0}'],
]

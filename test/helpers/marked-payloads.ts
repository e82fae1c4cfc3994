import type { EventKind } from '../../schemas/events/kinds.ts'

/** Whatever may be personal or secret, each as a text that stands nowhere else: found anywhere, it has leaked. */
export const marks = {
  ref: 'Q7ref-S2019-41c7',
  plate: '晋Q7P31D',
  list: 'Q7list-wanted-88e1',
  reason: 'Q7reason 张三的卡',
  note: 'Q7note 李四按的',
  image: 'Q7image-face-09aa.jpg',
  unknownField: 'Q7name 王小明',
  unknownName: 'Q7field-wang',
  contact: 'Q7contact 梁老师',
  phone: '0351-Q7-5551234',
  by: 'Q7by 赵警官',
  actionNote: 'Q7actionnote 出警记录',
  wrongSecret: 'Q7wrong-secret-5d21',
  wrongUser: 'q7wrong-user-77ab',
  wrongToken: 'Q7wrong-token-90fe',
  token: 'Q7token-dispatcher-13b8',
  endpointSecret: 'whsec_UTdzZWNyZXQtb2YtdGhlLXRlc3RzLTMyYnl0ZXM=',
  pseudonymKey: 'Q7pseudonym-key-4e0c',
  influxPassword: 'Q7influx-password-2aa9',
} as const
export type Mark = keyof typeof marks

/** As it may be written: as it is, percent-encoded, as JSON with escapes, in base64. */
export const formsOf = (text: string): string[] => [
  text,
  encodeURIComponent(text),
  Array.from(text, char => (char < '\u0080' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)).join(
    '',
  ),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
]
export const marksIn = (text: string): Mark[] =>
  (Object.keys(marks) as Mark[]).filter(mark => formsOf(marks[mark]).some(form => text.includes(form)))

const person = { ref: marks.ref, role: 'student', name: marks.unknownField }
const image = `http://cam/${marks.image}`
const extra = { [marks.unknownName]: marks.unknownField }

/** One event of each kind, with all of it. */
export const markedData: Record<EventKind, object> = {
  access: { door: '东门', direction: 'in', method: 'card', result: 'denied', reason: marks.reason, person, ...extra },
  face: { camera: 'c1', match: 'listed', list: marks.list, score: 0.9, person, image, ...extra },
  vehicle: { lane: '1', direction: 'in', plate: marks.plate, plateColor: 'blue', vehicleType: 'car', image, ...extra },
  alarm: { trigger: 'panic', state: 'raised', mode: 'actual', note: marks.note, ...extra },
  telemetry: { metrics: { lux: 3.5 }, note: marks.note, ...extra },
}

/** The same, spoilt in every way that a device's maker has thought of: what is refused is described, never repeated. */
export function spoiltPayloads(kind: EventKind, id: () => string): (string | Buffer)[] {
  const data = markedData[kind] as Record<string, unknown>
  const text = () => JSON.stringify({ id: id(), ...extra, data })
  const with_ = (more: object, top: object = {}) => JSON.stringify({ id: id(), ...top, data: { ...data, ...more } })
  const everyField = Object.keys(data).flatMap(field => [
    with_({ [field]: { [marks.unknownName]: marks.plate } }),
    with_({ [field]: `${marks.ref}${'x'.repeat(70_0)}` }),
    with_({ [field]: [marks.reason] }),
  ])
  const half = text()
  return [
    ...everyField,
    with_({}, { id: `${marks.ref} ${marks.plate}` }),
    with_({}, { time: `2026 ${marks.ref}` }),
    with_({}, { seq: marks.ref }),
    with_({ metrics: { [marks.unknownName]: 1, ok: marks.ref } }),
    with_({ person: marks.ref, plate: 4711, metrics: 7 }),
    with_({ person: { ref: marks.ref, role: marks.unknownField }, direction: marks.plate, trigger: marks.note }),
    JSON.stringify([marks.ref, marks.plate]),
    JSON.stringify(marks.ref),
    half.slice(0, half.indexOf('Q7', half.indexOf('"data"')) + 6),
    half.replace('"data"', `"data":{"a":"${marks.plate}"},"data"`),
    half.replace('{', `{${marks.ref}:`),
    half.replace('{', `{"a":${marks.unknownName},`),
    half.replace('{', `{"a":"${marks.reason}\n",`),
    `${text()}${marks.plate}`,
    `${marks.ref}`,
    Buffer.concat([Buffer.from(half.slice(0, -2)), Buffer.from([0xff, 0xfe]), Buffer.from(`${marks.ref}"}}`)]),
    `{"id":"${id()}","${marks.ref}":${'['.repeat(400)}`,
  ]
}

/** MQTT packets as bytes, also those that no library would write. */
export const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string)
  return Buffer.concat([number(bytes.length), bytes])
}
export const number = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
export const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex')

/** `first`: the fixed header's first byte, with its flags. */
export function packet(first: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first]), length(body.length), body])
}

/** Remaining length, section 2.2.3. */
export function length(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}

type Qos = 0 | 1 | 2
type Will = { topic: string | Buffer; payload?: string; qos?: number; retain?: boolean }
export type ConnectOptions = {
  name?: string
  level?: number
  clean?: boolean
  keepalive?: number
  will?: Will
  username?: string | Buffer
  password?: string | Buffer
  /** Bits that are set besides. */
  flags?: number
}

export function connect(id: string | Buffer = 'c', options: ConnectOptions = {}): Buffer {
  const { name = 'MQTT', level = 4, clean = true, keepalive = 60, will, username, password, flags = 0 } = options
  const bits =
    (username === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will?.retain ? 0x20 : 0) |
    ((will?.qos ?? 0) << 3) |
    (will === undefined ? 0 : 0x04) |
    (clean ? 0x02 : 0)
  return packet(
    0x10,
    text(name),
    Buffer.from([level, bits | flags]),
    number(keepalive),
    text(id),
    ...(will === undefined ? [] : [text(will.topic), text(will.payload ?? '')]),
    ...(username === undefined ? [] : [text(username)]),
    ...(password === undefined ? [] : [text(password)]),
  )
}
export const connack = (code = 0, sessionPresent = 0): Buffer => Buffer.from([0x20, 2, sessionPresent, code])

type PublishOptions = { qos?: Qos; dup?: boolean; retain?: boolean; id?: number }
export function publish(
  topic: string | Buffer,
  payload = '',
  { qos = 0, dup, retain, id = 1 }: PublishOptions = {},
): Buffer {
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0)
  return packet(first, text(topic), ...(qos === 0 ? [] : [number(id)]), Buffer.from(payload))
}
export const puback = (id: number): Buffer => packet(0x40, number(id))
export const pubrec = (id: number): Buffer => packet(0x50, number(id))
export const pubrel = (id: number): Buffer => packet(0x62, number(id))
export const pubcomp = (id: number): Buffer => packet(0x70, number(id))

export type Filter = [filter: string | Buffer, qos: number]
export const subscribe = (id: number, ...filters: Filter[]): Buffer =>
  packet(0x82, number(id), ...filters.flatMap(([filter, qos]) => [text(filter), Buffer.from([qos])]))
export const suback = (id: number, ...codes: number[]): Buffer => packet(0x90, number(id), Buffer.from(codes))
export const unsubscribe = (id: number, ...filters: (string | Buffer)[]): Buffer =>
  packet(0xa2, number(id), ...filters.map(text))
export const unsuback = (id: number): Buffer => packet(0xb0, number(id))
export const pingreq = hex('c0 00')
export const pingresp = hex('d0 00')
export const disconnect = hex('e0 00')

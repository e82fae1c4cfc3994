import type { IPoint } from 'influx'
import type { Kind, Payload } from '../../schemas/events/kinds.ts'
import { damagedReason, type Entry } from '../journal/journal.ts'
import type { Versioned } from '../journal/versions.ts'

/**
 * Contract 4: one journal entry as one point of InfluxDB, or null for a kind that has no measurement (status). A point with a
 * pseudonym says under which version of the key it was made. The same entry gives the same point for ever, so writing it again changes nothing.
 * Throws where the payload is not what `admit` let in; the message holds nothing of the payload.
 */
export function toPoint(entry: Entry, masking: Versioned): IPoint | null {
  if (entry.damaged) throw new Error(damagedReason)
  if (entry.kind === 'status') return null
  const payload = parse(entry.payload)
  const tags: Tags = { site: entry.site, siteKind: entry.siteKind, device: entry.device }
  const fields: Fields = {
    seq: new Integer(entry.seq),
    count: new Integer(1),
    lagMs: new Integer(entry.receivedAt - entry.at),
  }
  if (entry.id !== null) fields.id = entry.id
  if (entry.skewMs !== null) fields.clockSkewMs = new Integer(entry.skewMs)
  if (payload.time === undefined) fields.timeSource = 'gateway'
  const add: Add<never> = describe[entry.kind]
  add(payload as never, tags, fields, masking)
  return { measurement: entry.kind, tags, fields, timestamp: nanoseconds(entry.at, entry.seq) }
}

/**
 * A whole number as InfluxDB's line protocol writes it (`5i`; a bare `5` is a float). The package knows integers only
 * through a schema, and a schema refuses names it was not told of, as telemetry has; a value that is no string it
 * writes as `String(value)`. Held by test/contract/influx.test.ts, which asks InfluxDB for the fields' types.
 */
export class Integer {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
  toString(): string {
    return `${Math.trunc(this.value)}i`
  }
}

type Fields = Record<string, string | number | Integer>
type Tags = Record<string, string>
type Measured = Exclude<Kind, 'status'>
type Add<K extends Measured> = (payload: Payload<K>, tags: Tags, fields: Fields, masking: Versioned) => void

/** What a kind adds to the tags and fields that every point has. It fills objects, because merging and pruning them cost a third of the whole. */
const describe: { [K in Measured]: Add<K> } = {
  access({ data }, tags, fields, masking) {
    tags.door = tagValue(data.door)
    tags.direction = data.direction
    tags.method = data.method
    tags.result = data.result
    addPerson(fields, data.person, masking)
  },
  face({ data }, tags, fields, masking) {
    tags.match = data.match
    addPerson(fields, data.person, masking)
    if (data.list !== undefined) addKey(fields, 'listKey', data.list, masking)
    addNumber(fields, 'score', data.score)
  },
  vehicle({ data }, tags, fields, masking) {
    tags.direction = data.direction
    if (data.plateColor !== undefined) tags.plateColor = data.plateColor
    if (data.plate !== null) addKey(fields, 'plateKey', data.plate, masking)
    addNumber(fields, 'speedKmh', data.speedKmh)
    addNumber(fields, 'confidence', data.confidence)
  },
  alarm({ data }, tags) {
    tags.trigger = data.trigger
    tags.state = data.state
    tags.mode = data.mode
  },
  telemetry({ data }, _tags, fields) {
    for (const name of Object.keys(data.metrics)) addNumber(fields, metricField(name), data.metrics[name])
  },
  heartbeat({ uptimeS, battery, rssi }, _tags, fields) {
    addNumber(fields, 'uptimeS', uptimeS)
    addNumber(fields, 'battery', battery)
    addNumber(fields, 'rssi', rssi)
  },
}

function addNumber(fields: Fields, name: string, value: number | undefined) {
  if (value !== undefined) fields[name] = value
}

function addKey(fields: Fields, name: string, value: string, { version, pseudonym }: Versioned) {
  fields[name] = pseudonym(value)
  fields.keyVersion = new Integer(version)
}

function addPerson(fields: Fields, person: { ref: string; role: string } | undefined, masking: Versioned) {
  if (person === undefined) return
  addKey(fields, 'personKey', person.ref, masking)
  fields.personRole = person.role
}

/** Names that a device may not take for a metric of its own, because the point uses them. */
const taken = new Set('id seq count lagMs clockSkewMs timeSource time site siteKind device'.split(' '))

/** A metric named as one of ours becomes `metric_<name>`; so does one that starts like that, to keep names distinct. */
export const metricField = (name: string): string =>
  taken.has(name) || name.startsWith('metric_') ? `metric_${name}` : name

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a line
const unwritable = /[\u0000-\u001f\u007f]/g

/**
 * The line protocol can't carry every tag value: a backslash at the end swallows the separator after it, and nothing
 * escapes a line break. So `\` becomes the full-width `＼`, which reads the same and, unlike `/`, merges no two doors;
 * control characters, which schemas/ids.ts refuses anyway, become `_`.
 */
export const tagValue = (text: string): string => text.replaceAll('\\', '＼').replace(unwritable, '_')

/** Contract 4: milliseconds × 1e6 + seq mod 1e6. A string, for it is beyond 2^53. */
export const nanoseconds = (atMs: number, seq: number): string =>
  String(BigInt(atMs) * 1_000_000n + BigInt(seq % 1_000_000))

function parse(payload: string): { time?: unknown } {
  try {
    return JSON.parse(payload)
  } catch {
    throw new Error('the payload in the journal is not JSON')
  }
}

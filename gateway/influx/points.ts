import type { IPoint } from 'influx'
import type { Kind, Payload } from '../../schemas/events/kinds.ts'
import type { Entry } from '../journal/journal.ts'
import type { Pseudonym } from '../journal/pseudonym.ts'

/**
 * Contract 4: one journal entry as one point of InfluxDB, or null for a kind that has no measurement (status).
 * The same entry gives the same point for ever, so writing it again changes nothing.
 * Throws where the payload is not what `admit` let in; the message holds nothing of the payload.
 */
export function toPoint(entry: Entry, pseudonym: Pseudonym): IPoint | null {
  if (entry.kind === 'status') return null
  const payload = parse(entry.payload)
  const own = describe[entry.kind](payload as never, pseudonym)
  const fields: Fields = own.fields
  if (entry.id !== null) fields.id = entry.id
  fields.seq = new Integer(entry.seq)
  fields.count = new Integer(1)
  fields.lagMs = new Integer(entry.receivedAt - entry.at)
  if (entry.skewMs !== null) fields.clockSkewMs = new Integer(entry.skewMs)
  if (payload.time === undefined) fields.timeSource = 'gateway'
  const tags: Tags = { site: entry.site, siteKind: entry.siteKind, device: entry.device, ...own.tags }
  return { measurement: entry.kind, tags, fields: withoutAbsent(fields), timestamp: nanoseconds(entry.at, entry.seq) }
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

type Fields = Record<string, string | number | Integer | undefined>
type Tags = Record<string, string>
type Measured = Exclude<Kind, 'status'>

/** What a kind adds to the fields and tags that every point has. Absent values are left out. */
const describe: { [K in Measured]: (payload: Payload<K>, pseudonym: Pseudonym) => { tags: Tags; fields: Fields } } = {
  access: ({ data }, pseudonym) => ({
    tags: { door: tagValue(data.door), direction: data.direction, method: data.method, result: data.result },
    fields: personFields(data.person, pseudonym),
  }),
  face: ({ data }, pseudonym) => ({
    tags: { match: data.match },
    fields: {
      ...personFields(data.person, pseudonym),
      listKey: data.list === undefined ? undefined : pseudonym(data.list),
      score: data.score,
    },
  }),
  vehicle: ({ data }, pseudonym) => ({
    tags: {
      direction: data.direction,
      ...(data.plateColor === undefined ? {} : { plateColor: data.plateColor }),
    },
    fields: {
      plateKey: data.plate === null ? undefined : pseudonym(data.plate),
      speedKmh: data.speedKmh,
      confidence: data.confidence,
    },
  }),
  alarm: ({ data }) => ({ tags: { trigger: data.trigger, state: data.state, mode: data.mode }, fields: {} }),
  telemetry: ({ data }) => ({ tags: {}, fields: metricFields(data.metrics) }),
  heartbeat: ({ uptimeS, battery, rssi }) => ({ tags: {}, fields: { uptimeS, battery, rssi } }),
}

const personFields = (person: { ref: string; role: string } | undefined, pseudonym: Pseudonym): Fields =>
  person === undefined ? {} : { personKey: pseudonym(person.ref), personRole: person.role }

/** Names that a device may not take for a metric of its own, because the point uses them. */
const taken = new Set('id seq count lagMs clockSkewMs timeSource time site siteKind device'.split(' '))

/** A metric named as one of ours becomes `metric_<name>`; so does one that starts like that, to keep names distinct. */
export const metricField = (name: string): string =>
  taken.has(name) || name.startsWith('metric_') ? `metric_${name}` : name

function metricFields(metrics: Record<string, number>): Fields {
  const fields: Fields = {}
  for (const name of Object.keys(metrics)) fields[metricField(name)] = metrics[name]
  return fields
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a line
const unwritable = /[\u0000-\u001f\u007f]/g

/**
 * The line protocol can't carry every tag value: a backslash at the end swallows the separator after it, and nothing
 * escapes a line break. So `\` becomes the full-width `＼`, which reads the same and, unlike `/`, merges no two doors;
 * control characters, which schemas/ids.ts refuses anyway, become `_`.
 */
export const tagValue = (text: string): string => text.replaceAll('\\', '＼').replace(unwritable, '_')

/** Contract 4: milliseconds × 1e6 + seq mod 1e6. A string, for it is beyond 2^53. */
const nanoseconds = (atMs: number, seq: number): string => String(BigInt(atMs) * 1_000_000n + BigInt(seq % 1_000_000))

function parse(payload: string): { time?: unknown } {
  try {
    return JSON.parse(payload)
  } catch {
    throw new Error('the payload in the journal is not JSON')
  }
}

function withoutAbsent(fields: Fields): Fields {
  for (const name of Object.keys(fields)) if (fields[name] === undefined) delete fields[name]
  return fields
}

import { takenNames } from '../book/expected.ts'
import type { Published } from '../book/ledger-line.ts'
import type { Row } from './influx-rows.ts'

/** What is wrong with an event's point, in words; empty: nothing. Pure: what contract 4 says, held against one row. */
export function differencesOf(published: Published, kind: string, row: Row): string[] {
  const found: string[] = []
  const differ = (name: string, said: unknown, held: unknown) =>
    found.push(`${name}: said ${JSON.stringify(said)}, InfluxDB holds ${JSON.stringify(held)}`)
  const same = (name: string, said: unknown, held: unknown) => {
    if (said !== held) differ(name, said, held)
  }
  same('measurement', published.kind, kind)
  same('site', published.site, row.site)
  same('count', 1, row.count)
  for (const name of namesOf(published, row)) {
    const said = published.expected[name] ?? null
    const held = row[name] ?? null
    if (said !== true) same(name, said, held)
    else if (typeof held !== 'string' || !/^[0-9a-f]{16}$/.test(held)) differ(name, 'a pseudonym', held)
  }
  const { saidMs } = published
  same('timeSource', saidMs === undefined ? 'gateway' : null, row.timeSource ?? null)
  // A time that the gateway didn't believe is kept as a skew (contract 3); otherwise it is the point's, to the nanosecond.
  const believed = saidMs !== undefined && (row.clockSkewMs ?? null) === null
  if (believed && Number.isInteger(row.seq))
    same('time', timeOf(saidMs, row.seq as number), nanoseconds(String(row.time)))
  return found
}

/** Columns that every point has, or that the gateway adds. */
const ours = new Set('time id seq count lagMs clockSkewMs timeSource site siteKind device keyVersion name'.split(' '))

function namesOf({ kind, expected }: Published, row: Row): string[] {
  if (kind !== 'telemetry') return [...takenNames[kind]]
  return [...new Set([...Object.keys(expected), ...Object.keys(row).filter(name => !ours.has(name))])]
}

/** Contract 4: the millisecond × 1e6 + `seq` mod 1e6. As text: it is beyond what a number holds. */
const timeOf = (ms: number, seq: number): string => String(BigInt(ms) * 1_000_000n + BigInt(seq % 1_000_000))

/** Of `2026-11-24T00:00:00.000000001Z`; a fraction may be shorter or missing. */
export function nanoseconds(time: string): string {
  const [, second, fraction = ''] = /^([^.]*?)(?:\.(\d+))?Z$/.exec(time) ?? []
  return String(BigInt(Date.parse(`${second}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9)))
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AuditLine,
  chain,
  emptyHead,
  type Head,
  headText,
  parseHead,
  type StoredLine,
} from '../../gateway/audit/line.ts'
import { Refusals } from '../../gateway/audit/refusals.ts'
import { verify } from '../../gateway/audit/verify.ts'

const lineAt = (at: number): AuditLine => ({
  at,
  by: 'centre',
  what: 'alarm.closed',
  subject: `a-${at}`,
  details: { site: 'school-01', disposition: 'real' },
})
function log(count: number): StoredLine[] {
  const lines: StoredLine[] = []
  for (let n = 1; n <= count; n++) lines.push(chain(lines.at(-1) ?? emptyHead, lineAt(n)))
  return lines
}
const headOf = (lines: readonly StoredLine[]): Head => {
  const { n, hash } = lines.at(-1) ?? emptyHead
  return { n, hash }
}

describe('the chain of the audit log', () => {
  test('its hashes are what the description says', () => {
    // Worked out with Python's hashlib over 64 zeros, a line break and the JSON array.
    const [first] = log(1) as [StoredLine]
    expect(first.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(first.hash).toBe('ad1387c4e0ba5240aa613f8282bb2e1d00d08942cf8a6117b91277943cadd910')
  })

  test('is good as it was written, also empty, and with each head that was ever noted', () => {
    const lines = log(5)
    expect(verify([])).toEqual({ good: true, head: emptyHead })
    expect(verify(lines)).toEqual({ good: true, head: headOf(lines) })
    const heads = [0, 1, 3, 5].map(n => ({ ...headOf(lines.slice(0, n)), from: 'somebody' }))
    expect(verify(lines, heads)).toEqual({ good: true, head: headOf(lines) })
  })

  test('names the first line that was changed, taken out, put in or moved, wherever and whatever', () => {
    const changes = ['n', 'at', 'by', 'what', 'subject', 'details', 'hash'] as const
    const spoil = fc.oneof(
      fc.record({ kind: fc.constant('change'), field: fc.constantFrom(...changes), place: fc.nat(9) }),
      fc.record({ kind: fc.constant('remove'), place: fc.nat(8) }),
      fc.record({ kind: fc.constant('insert'), place: fc.nat(9) }),
      fc.record({ kind: fc.constant('swap'), place: fc.nat(8) }),
    )
    fc.assert(
      fc.property(spoil, ({ kind, place, ...more }) => {
        const lines = log(10).map(line => ({ ...line }))
        const line = lines[place] as Record<string, unknown> & StoredLine
        if (kind === 'change') {
          const { field } = more as { field: (typeof changes)[number] }
          line[field as 'by'] = (
            typeof line[field] === 'number' ? (line[field] as number) + 1 : `${line[field]}x`
          ) as never
        }
        if (kind === 'remove') lines.splice(place, 1)
        // Put in with a hash that fits what is before it: then the line after it doesn't fit.
        if (kind === 'insert' && place < 9) lines.splice(place, 0, chain(lines[place - 1] ?? emptyHead, lineAt(99)))
        if (kind === 'insert' && place === 9) lines.splice(9, 0, { ...line })
        if (kind === 'swap') lines.splice(place, 2, lines[place + 1] as StoredLine, lines[place] as StoredLine)
        const verdict = verify(lines)
        const first = kind === 'insert' ? place + 2 : place + 1
        expect(verdict).toMatchObject({ good: false, n: first })
      }),
      { numRuns: 200 },
    )
  })

  test('that was cut at its end, or made anew as a whole, does not fit a head that was noted', () => {
    const lines = log(5)
    const noted = [{ ...headOf(lines), from: 'audit.head' }]
    expect(verify(lines.slice(0, 3), noted)).toMatchObject({ good: false, n: 4 })
    expect(verify([], noted)).toMatchObject({ good: false, n: 1 })
    const forged: StoredLine[] = []
    for (let n = 1; n <= 6; n++) forged.push(chain(forged.at(-1) ?? emptyHead, lineAt(n === 2 ? 77 : n)))
    expect(verify(forged)).toMatchObject({ good: true })
    expect(verify(forged, noted)).toMatchObject({ good: false, n: 5 })
    // A later head does not hide an earlier one that is disputed.
    expect(verify(forged, [...noted, { ...headOf(forged), from: 'the thief' }])).toMatchObject({ good: false, n: 5 })
  })

  test('a head is copied as text', () => {
    const head = headOf(log(3))
    expect(parseHead(` ${headText(head)}\n`)).toEqual(head)
    for (const text of ['', '3', '3:abc', `x:${head.hash}`, `3:${head.hash}0`]) expect(parseHead(text)).toBeUndefined()
  })
})

describe('refusals', () => {
  const refused = (subject: string | null, why = 'wrong secret') =>
    ({ what: 'login.refused', subject, why, address: '10.0.0.1' }) as const
  const hour = 60 * 60_000

  test('each is told once an hour, and how often it came again after it', () => {
    const refusals = new Refusals()
    expect(refusals.take(refused('button-1'), 0)).toMatchObject([
      { subject: 'button-1', details: { why: 'wrong secret' } },
    ])
    for (let again = 0; again < 500; again++) expect(refusals.take(refused('button-1'), again)).toEqual([])
    expect(refusals.take(refused('button-1', 'client id is not the device id'), 9)).toHaveLength(1)
    expect(refusals.take(refused('button-1'), hour)).toMatchObject([
      { subject: null, details: { more: 500 } },
      { subject: 'button-1', at: hour },
    ])
  })

  test('whatever strangers send, the log grows by a bounded number of lines an hour', () => {
    const refusals = new Refusals()
    let lines = 0
    for (let n = 0; n < 10_000; n++) lines += refusals.take(refused(`device-${n}`), n).length
    expect(lines).toBe(60)
    expect(refusals.end(10_000)).toMatchObject([{ details: { more: 9940 } }])
    expect(refusals.end(10_001)).toEqual([])
  })

  test('a clock that is set back ends the hour', () => {
    const refusals = new Refusals()
    refusals.take(refused('button-1'), 5 * hour)
    expect(refusals.take(refused('button-1'), hour)).toHaveLength(1)
  })
})

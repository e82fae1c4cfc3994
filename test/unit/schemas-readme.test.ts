import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { admit } from '../../gateway/mqtt/admit.ts'
import { eventKinds, payloadSchemas } from '../../schemas/events/kinds.ts'
import { topics } from '../../schemas/topics.ts'

/** What the page for device makers says by hand (its payload tables are printed: schemas.test.ts; its samples run: samples.test.ts). */
const page = readFileSync(`${import.meta.dirname}/../../schemas/README.md`, 'utf8')
const rows = (section: string) =>
  page
    .slice(page.indexOf(`\n${section}\n`))
    .split('\n| ')
    .slice(1)
    .map(row => row.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|')))
const bare = (cell: string) => cell.replace(/^`(.*)`$/, '$1')
const receivedAt = Date.parse('2026-11-24T00:15:00Z')
const judge = (leaf: string, payload: string) => admit(leaf, Buffer.from(payload), receivedAt, 30 * 86_400_000)

const reasons = rows('### Reasons')
  .map(([leaf = '', payload = '', reason = '']) => ({ leaf: bare(leaf), payload: bare(payload), reason }))
  .filter(({ leaf }) => leaf.startsWith('event/'))

test('the reasons are there to be checked', () => {
  expect(reasons.length).toBeGreaterThanOrEqual(10)
})

test.each(reasons)('$leaf $payload is refused with the reason that it says', ({ leaf, payload, reason }) => {
  expect(judge(leaf, payload)).toMatchObject({ reason })
})

test('the topics are the ones of the schemas', () => {
  const address = { site: '{site}', device: '{device}' }
  const said = rows('## Topics').map(([topic = '']) => bare(topic))
  expect(said).toEqual(
    expect.arrayContaining([
      topics.heartbeat(address),
      topics.status(address),
      topics.ack(address),
      topics.indicate(address),
    ]),
  )
  expect(said).toContain(`${topics.prefix(address)}/event/{kind}`)
  for (const kind of eventKinds) expect(rows('## Topics').flat().join()).toContain(`\`${kind}\``)
})

test('the will that it shows is a status', () => {
  const [, will] = /with the boot number: `([^`]+)`/.exec(page)!
  expect(payloadSchemas.status.safeParse(JSON.parse(will!)).success).toBe(true)
})

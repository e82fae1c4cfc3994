import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { nanoseconds } from '../../device-sim/audit/judge-event.ts'
import type { BookLine } from '../../device-sim/book/receivers-book.ts'
import type { World } from '../../device-sim/chaos/world.ts'

/**
 * Makes the world's gateway have lied in each way that an audit must find: three points of InfluxDB, three alarms of the
 * receiver's book, one message that is not signed. Returns how much more of each an audit finds after it than before, and the
 * book to audit: a copy, for people go on closing alarms, and the receiver goes on writing.
 */
export async function plantLies(world: World) {
  await lieInInfluxDb(world.influx)
  await sendUnsigned(world)
  const book = `${world.book}.doctored`
  const missing = copyWithLies(world.book, book)
  return {
    book,
    found: { lost: 1, doubled: 1, altered: 2, missing, doubledAlarms: 1, outOfOrder: 1, badSignatures: 1 },
  }
}

const tagNames = ['site', 'siteKind', 'device', 'door', 'direction', 'method', 'result'] as const
type Point = Record<(typeof tagNames)[number] | 'id' | 'time', string>

/** One point is gone, one says another number, of one there is another that says only whose it is (so it is altered too). */
async function lieInInfluxDb({ url, database }: World['influx']): Promise<void> {
  const query = async (text: string) =>
    (await fetch(`${url}query`, { method: 'POST', body: new URLSearchParams({ db: database, q: text }) })).json()
  const answer = (await query('select * from access limit 3')) as {
    results: [{ series: [{ columns: string[]; values: string[][] }] }]
  }
  const [{ columns, values }] = answer.results[0].series
  const [lost, altered, doubled] = values.map(
    row => Object.fromEntries(columns.map((column, index) => [column, row[index]])) as Point,
  ) as [Point, Point, Point]
  await query(`delete from access where time = '${lost.time}'`)
  const escaped = (text: string) => text.replaceAll(/[ ,=]/g, '\\$&')
  const seriesOf = (point: Point) => tagNames.map(name => `,${name}=${escaped(point[name])}`).join('')
  const body = [
    `access${seriesOf(altered)} count=2i ${nanoseconds(altered.time)}`,
    `access${seriesOf(doubled)} id="${doubled.id}" ${BigInt(nanoseconds(doubled.time)) + 1n}`,
  ].join('\n')
  const written = await fetch(`${url}write?${new URLSearchParams({ db: database })}`, { method: 'POST', body })
  if (!written.ok) throw new Error(`InfluxDB takes no lie: ${await written.text()}`)
}

async function sendUnsigned({ lines }: World): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${lines['receiver’s line'].port}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': 'msg-forged',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${randomBytes(32).toString('base64')}`,
    },
    body: '{}',
  })
  if (response.ok) throw new Error('the receiver takes what nobody has signed')
}

/** One alarm nobody was told of, one was told of as raised last, one was raised twice. Returns how many presses the first had. */
function copyWithLies(from: string, to: string): number {
  const lines = readFileSync(from, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as BookLine)
  const isRaised = ({ type }: BookLine) => type === 'alarm.raised'
  // With more than the raised one to tell, and in their order, which can then be spoiled.
  const alarms = [...new Set(lines.filter(isRaised).map(({ subject }) => subject))].filter(alarm => {
    const [first, second] = lines.filter(({ subject, status }) => subject === alarm && status === 200)
    return first !== undefined && isRaised(first) && second !== undefined
  })
  const [untold, misordered, twice] = alarms
  if (twice === undefined) throw new Error(`only ${alarms.length} alarms to lie about`)
  const isLast = (line: BookLine) => line.subject === misordered && isRaised(line)
  const again = lines.find(line => line.subject === twice && isRaised(line) && line.status === 200)!
  const doctored = [
    ...lines.filter(line => line.subject !== untold && !isLast(line)),
    ...lines.filter(isLast),
    { ...again, id: 'msg-again' },
  ]
  writeFileSync(to, doctored.map(line => `${JSON.stringify(line)}\n`).join(''))
  return new Set(lines.flatMap(({ subject, events = [] }) => (subject === untold ? events : []))).size
}

import { open, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { linesBackwards } from '../../device-sim/day/lines-backwards.ts'
import { record } from '../../device-sim/day/record.ts'
import { parseRecorded } from '../../device-sim/day/recorded.ts'
import { entriesFrom, openRecording } from '../../device-sim/day/recording.ts'
import type { EventView } from '../../schemas/api.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const startMs = Date.parse('2026-11-24T00:00:00Z')
const at = (index: number) => new Date(startMs + index * 1000).toISOString()
const view = (index: number, change: Partial<EventView> = {}): EventView => ({
  ...{ seq: index + 1, id: `e-${index}`, site: 's', device: `door-${index % 3}`, kind: 'access' },
  ...{ time: at(index), timeSource: 'device', receivedAt: at(index), clockSkewMs: null },
  data: {
    door: 'd',
    direction: 'in',
    method: 'card',
    result: 'granted',
    personKey: '0123456789abcdef',
    personRole: 'staff',
  },
  ...change,
})

/** Answers as the API does, newest first, `refusals` times with 503 before it. */
async function startApi(views: EventView[], refusals = 0) {
  let left = refusals
  const server = createServer((request, response) => {
    if (left-- > 0) return response.writeHead(503).end()
    const from = Number(new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? 0)
    const items = views.toReversed().slice(from, from + 100)
    const cursor = from + 100 < views.length ? String(from + 100) : null
    response.end(JSON.stringify({ items, cursor }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function recorded(views: EventView[], change: Partial<Parameters<typeof record>[0]> = {}, refusals = 0) {
  const out = join(temporaryDirectory(), 'day.jsonl')
  const made = await record({
    ...{ api: await startApi(views, refusals), token: 't', from: at(0), to: at(1e6), out, onProgress: () => {} },
    stopped: new AbortController().signal,
    ...change,
  })
  return { out, made }
}

test('a recording begins with the oldest, holds events only, and survives a gateway that is away for a moment', async () => {
  const views = Array.from({ length: 250 }, (_, index) => view(index))
  views[7] = view(7, { kind: 'heartbeat', id: null, data: { uptimeS: 3 } })
  views[8] = view(8, { data: null })
  const { out, made } = await recorded(views, {}, 1)
  expect(made).toEqual({ events: 248, devices: 3, leftOut: 1 })
  const recording = openRecording(out)
  expect(recording.header).toMatchObject({ events: 248, firstAt: startMs, lastAt: startMs + 249_000 })
  const mistakes: string[] = []
  const events = [...recording.events(mistake => mistakes.push(mistake))]
  expect(mistakes).toEqual([])
  expect(events.map(({ receivedAt }) => (receivedAt - startMs) / 1000)).toEqual(
    views.map((_, index) => index).filter(index => index !== 7 && index !== 8),
  )
  expect(events[0]?.saying).toMatchObject({
    kind: 'access',
    data: { person: { ref: '0123456789abcdef', role: 'staff' } },
  })
})

test('stopped, it leaves nothing behind', async () => {
  const stopping = new AbortController()
  const views = Array.from({ length: 250 }, (_, index) => view(index))
  const { out, made } = await recorded(views, { stopped: stopping.signal, onProgress: () => stopping.abort() })
  expect(made).toBeUndefined()
  expect(() => openRecording(out)).toThrow(/ENOENT/)
})

test('played, late ones are as late again, skewed clocks as wrong, alarms tests, and times that were not given not given', async () => {
  const alarm = { trigger: 'panic', state: 'raised', mode: 'actual' }
  const { out } = await recorded([
    view(10, { time: at(4) }),
    view(11, { timeSource: 'gateway', clockSkewMs: 720_000 }),
    view(12, { timeSource: 'gateway' }),
    view(13, { kind: 'alarm', data: alarm }),
  ])
  const { header, events } = openRecording(out)
  const play = (alarms: 'test' | 'as-recorded' | 'none') => [
    ...entriesFrom(
      events(() => {}),
      { firstAtMs: header.firstAt!, startMs: 1_000_000, endMs: 1_003_500, alarms },
    ),
  ]
  const times = play('test').map(({ atMs, saidAtMs, skewMs }) => ({ atMs, saidAtMs, skewMs }))
  expect(times).toEqual([
    { atMs: 1_000_000, saidAtMs: 994_000, skewMs: undefined },
    { atMs: 1_001_000, saidAtMs: undefined, skewMs: 720_000 },
    { atMs: 1_002_000, saidAtMs: null, skewMs: undefined },
    { atMs: 1_003_000, saidAtMs: 1_003_000, skewMs: undefined },
  ])
  expect(play('test')[3]?.saying.data).toEqual({ ...alarm, mode: 'test' })
  expect(play('as-recorded')[3]?.saying.data).toEqual(alarm)
  expect(play('none')).toHaveLength(3)
})

test('lines that are no event are told by their number', async () => {
  const { out } = await recorded([view(1)])
  const wrong = ['{}', 'hello', '{"receivedAt":"2026-11-24T00:00:00Z","site":"s","device":"d","kind":"face","data":{}}']
  const file = await open(out, 'a')
  await file.write(`${wrong.join('\n')}\n{"rec`)
  await file.close()
  const mistakes: string[] = []
  expect([...openRecording(out).events(mistake => mistakes.push(mistake.slice(out.length)))]).toHaveLength(1)
  expect(mistakes).toEqual([
    expect.stringMatching(/^:3: receivedAt: /),
    expect.stringMatching(/^:4: is not JSON/),
    expect.stringMatching(/^:5: data\.camera: .*face/),
    expect.stringContaining('ends in the middle of a line'),
  ])
  expect(parseRecorded('[]')).toEqual(expect.any(String))
})

test('a file of lines longer and shorter than a chunk is read backwards whole', async () => {
  const path = join(temporaryDirectory(), 'lines')
  const lines = Array.from({ length: 400 }, (_, index) => `${index} ${'字'.repeat(index % 50 === 0 ? 200_000 : index)}`)
  await writeFile(path, `${lines.join('\n')}\n`)
  const file = await open(path)
  const read: string[] = []
  for await (const some of linesBackwards(file)) read.push(...some)
  await file.close()
  expect(read.length).toBe(lines.length)
  expect(read.reverse().every((line, index) => line === lines[index])).toBe(true)
})

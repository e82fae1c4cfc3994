import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { systemClock } from '../../device-sim/clock.ts'
import { readDays } from '../../device-sim/day/day-file.ts'
import { type Given, mixOf } from '../../device-sim/day/mix.ts'
import { type PlayOptions, play } from '../../device-sim/day/play.ts'
import { failuresOf } from '../../device-sim/day/played.ts'
import { createMeter } from '../../device-sim/meter.ts'
import { makeRegistry } from '../../device-sim/registry.ts'
import { writeRegistry } from '../../device-sim/registry-files.ts'
import type { EventView, Page, Stats as StatsSchema } from '../../schemas/api.ts'
import { eventKinds } from '../../schemas/events/kinds.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { adminToken, type RunningGateway, startGateway } from '../helpers/gateway.ts'

/** Each day file, an hour of it in about a second, against a real gateway: that what it claims to do comes about, and is accounted for. */
const made = makeRegistry({ seed: '1' })
const sitesKept = ['school-01', 'compound-01']
const registry = {
  ...made.file,
  sites: made.file.sites.filter(({ id }) => sitesKept.includes(id)),
  devices: made.file.devices.filter(({ site }) => sitesKept.includes(site)),
}
const root = fileURLToPath(new URL('../..', import.meta.url))
let gateway: RunningGateway
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))

beforeAll(async () => {
  const paths = await writeRegistry(dir, { file: registry, secrets: made.secrets }, { force: false, comment: '' })
  gateway = await startGateway({ dataDir: join(dir, 'data'), registry: paths.registryPath })
})
afterAll(async () => {
  await gateway.kill()
  rmSync(dir, { recursive: true, force: true })
})

type Stats = z.output<typeof StatsSchema>
/** What devices said by themselves since entry `after`, newest first. */
async function eventsSince(after: number, query = ''): Promise<EventView[]> {
  const found: EventView[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page<EventView> = await gateway.get(`events?limit=1000${query}${cursor && `&cursor=${cursor}`}`)
    found.push(...page.items.filter(({ seq, kind }) => seq > after && (eventKinds as string[]).includes(kind)))
    cursor = (page.items.at(-1)?.seq ?? 0) > after ? page.cursor : null
  }
  return found
}

const hourMs = 3_600_000
/** Monday, when few are on their way: enough to see, and little work. */
const quietMs = 14 * hourMs

async function playing(names: string[], change: Partial<PlayOptions> & Pick<Given, 'startMs' | 'lastsMs'> = {}) {
  const before = await gateway.get<Stats>('stats')
  const { startMs = quietMs, lastsMs, ...options } = change
  const mix = change.mix ?? mixOf(await readDays(names), { startMs, lastsMs })
  const lines: { text: string; at: number }[] = []
  const played = await play({
    ...{ mix, registry, secrets: made.secrets, url: gateway.mqttUrl, seed: '7', speed: 3600, eventTime: 'now' },
    ...{ clock: systemClock, meter: createMeter(performance.now()), reconnectMs: 50, catchUpMs: 60_000 },
    stopped: new AbortController().signal,
    say: text => lines.push({ text, at: systemClock() }),
    ...options,
  })
  const stats = await gateway.get<Stats>('stats')
  const events = await eventsSince(before.journal.lastSeq)
  const more = (name: 'received' | 'accepted' | 'duplicate' | 'rejected') => stats[name] - before[name]
  expect(failuresOf(played)).toEqual([])
  expect(stats.received).toBe(stats.accepted + stats.duplicate + stats.rejected)
  // None lost, none doubled: each event that was not malformed is there once, whatever went wrong.
  expect(events).toHaveLength(played.pubacked - played.malformed)
  expect(new Set(events.map(({ device, id }) => `${device} ${id}`)).size).toBe(events.length)
  return { played, events, lines, more, since: before.journal.lastSeq }
}

test('power-cut: the compound is silent, then what it kept comes as buffered, with the times at which it was', async () => {
  const { played, events, lines } = await playing(['power-cut'], { speed: 2400 })
  expect(lines.map(({ text }) => text.replace(/ \(.*\)/, ''))).toEqual([
    'Mon 14:10  power-cut: compound-01 goes dark',
    'Mon 14:30  power-cut: compound-01 is back',
  ])
  const [darkAt, backAt] = lines.map(({ at }) => at) as [number, number]
  const meanwhile = events.filter(({ time }) => Date.parse(time) > darkAt && Date.parse(time) < backAt)
  expect(meanwhile.length).toBeGreaterThan(10)
  expect(meanwhile.filter(({ receivedAt }) => Date.parse(receivedAt) < backAt)).toEqual([])
  expect(played.buffered).toBeGreaterThan(10)
  expect(played.buffered).toBeLessThan(events.length)
})

test('clock-skew: each time that is not believed is recorded with how far it was off', async () => {
  const { events } = await playing(['clock-skew'])
  const skewed = events.filter(({ clockSkewMs }) => clockSkewMs !== null)
  const near =
    (minutes: number) =>
    ({ clockSkewMs }: EventView) =>
      Math.abs(clockSkewMs! - minutes * 60_000) < 10_000
  const ahead = skewed.filter(near(12))
  const longAgo = skewed.filter(event => near(-29_000_000)(event) || near(-28_999_988)(event))
  expect(ahead.length).toBeGreaterThan(3)
  expect(longAgo.length).toBeGreaterThan(0)
  expect(ahead.length + longAgo.length).toBe(skewed.length)
  expect(skewed.every(({ timeSource }) => timeSource === 'gateway')).toBe(true)
  expect(new Set(longAgo.map(({ device }) => device)).size).toBe(1)
  expect(skewed.length).toBeLessThan(events.length)
})

test('firmware-bug: each malformed event is rejected with its ack and counted, and costs no good one', async () => {
  const { played, more } = await playing(['firmware-bug'])
  expect(played.malformed).toBeGreaterThan(5)
  expect(played.malformed % 3).toBe(0)
  expect(played.rejected).toBe(played.malformed)
  expect(more('rejected')).toBe(played.malformed)
})

test('reconnect-storm with a flood and a press: all are back each time, all that was said is in the stats', async () => {
  const { played, more, events, since } = await playing(['reconnect-storm', 'flood', 'school-day'], {
    ...{ startMs: 10 * hourMs - 60_000, lastsMs: 40 * 60_000, speed: 1800 },
  })
  const school = registry.devices.filter(({ site }) => site === 'school-01')
  expect(played.connections).toEqual({ connected: school.length, of: school.length })
  const { items } = await gateway.get<Page<EventView>>('events?kind=status&limit=1000')
  const online = items.filter(({ seq, data }) => seq > since && data?.status === 'online')
  for (const { id } of school) {
    // One it began with and three from the storm, fewer where this machine is so slow that a storm finds it still away.
    const boots = new Set(online.flatMap(({ device, data }) => (device === id ? [data?.boot] : [])))
    expect(boots.size).toBeGreaterThan(1)
    expect(boots.size).toBeLessThan(5)
  }
  expect(played.published).toBeGreaterThan(2500)
  expect(more('accepted')).toBeGreaterThanOrEqual(played.pubacked)
  expect(more('rejected')).toBe(0)
  expect(events.filter(({ kind }) => kind === 'alarm')).toHaveLength(1)
})

/** The simulator as a user starts it. */
const sim = (...flags: string[]) =>
  new Promise<{ code: number; said: string }>(resolve =>
    execFile(process.execPath, ['device-sim/main.ts', ...flags], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    ),
  )

test('replay: a recording of what a night left in the journal says all of it again, as the same devices', async () => {
  const { events } = await playing(['night'], { startMs: 46 * hourMs, speed: 36_000 })
  expect(events.filter(({ kind }) => kind === 'alarm')).toHaveLength(1)
  const times = events.map(({ time }) => Date.parse(time))
  const [from, to] = [Math.min(...times), Math.max(...times) + 1].map(ms => new Date(ms).toISOString()) as [
    string,
    string,
  ]
  const all = await eventsSince(0, `&from=${from}&to=${to}`)
  const out = join(temporaryDirectory(), 'day.jsonl')
  const recorded = await sim(
    ...['record', '--api', gateway.httpUrl, '--token', adminToken, '--out', out],
    ...['--from', from, '--to', to],
  )
  expect(recorded).toMatchObject({ code: 0, said: expect.stringContaining(`${all.length} events of `) })
  const text = readFileSync(out, 'utf8')
  expect(text).not.toMatch(/"(ref|plate|list)":"(?![0-9a-f]{16}")/)
  expect(text).toMatch(/"ref":"[0-9a-f]{16}"/)
  expect(text.match(/\n/g)).toHaveLength(all.length + 1)

  const { journal } = await gateway.get<Stats>('stats')
  const files = ['--registry', join(dir, 'registry.yaml'), '--secrets', join(dir, 'secrets.json')]
  const replayed = await sim(
    ...['play', 'replay', '--recording', out, '--url', gateway.mqttUrl, '--speed', '2'],
    ...files,
  )
  expect(replayed).toMatchObject({ code: 0, said: expect.stringContaining('nothing was lost') })
  const again = await eventsSince(journal.lastSeq)
  const byText = (list: EventView[]) =>
    list.map(({ device, kind, data }) => JSON.stringify([device, kind, withoutKeys(data)])).sort()
  expect(byText(again)).toEqual(byText(all))
  const ids = new Set(all.map(({ device, id }) => `${device} ${id}`))
  expect(again.filter(({ device, id }) => ids.has(`${device} ${id}`))).toEqual([])
  expect(Math.min(...again.map(({ time }) => Date.parse(time)))).toBeGreaterThan(Math.max(...times))
})

/** A pseudonym of a pseudonym is another one. */
const withoutKeys = (data: EventView['data']) => ({
  ...data,
  ...Object.fromEntries(['personKey', 'plateKey', 'listKey'].flatMap(key => (data?.[key] ? [[key, 'x']] : []))),
})

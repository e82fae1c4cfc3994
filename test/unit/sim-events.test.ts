import { expect, test } from 'vitest'
import { heartbeatIntervalMs, heartbeatOf } from '../../device-sim/heartbeat.ts'
import { plate, populationOf, type Source, sayingOf } from '../../device-sim/payloads.ts'
import { createRandom } from '../../device-sim/random.ts'
import { makeRegistry } from '../../device-sim/registry.ts'
import { type Entry, timetable } from '../../device-sim/timetable.ts'
import { eventKinds, eventSchemas, payloadSchemas } from '../../schemas/events/kinds.ts'
import { deviceKinds } from '../../schemas/registry.ts'

const { file } = makeRegistry({ seed: '1' })
const sources: Source[] = file.sites.flatMap(site => {
  const population = populationOf('1', site)
  return file.devices
    .filter(device => device.site === site.id)
    .map(device => ({ device, siteKind: site.kind, population }))
})
const sourceOf = (id: string) => sources.find(({ device }) => device.id === id)!
const first = (id: string, seed: string, count: number): Entry[] => {
  const entries: Entry[] = []
  for (const entry of timetable(sourceOf(id), seed, 0)) if (entries.push(entry) === count) break
  return entries
}

test('the same seed gives the same events at the same moments; another seed or device gives others', () => {
  const events = first('compound-01-door-01', '5', 500)
  expect(events).toHaveLength(500)
  expect(first('compound-01-door-01', '5', 500)).toEqual(events)
  expect(first('compound-01-door-01', '6', 500)).not.toEqual(events)
  expect(first('compound-01-door-02', '5', 500).map(({ atMs }) => atMs)).not.toEqual(events.map(({ atMs }) => atMs))
  const moments = events.map(({ atMs }) => atMs)
  expect(moments).toEqual(moments.toSorted((a, b) => a - b))
})

test('every generated payload of every device is valid, and all five kinds occur', () => {
  const seen = new Set<string>()
  for (const source of sources) {
    const random = createRandom('valid', source.device.id)
    for (let hour = 0; hour < 168; hour++) {
      const { kind, data } = sayingOf(source, hour * 3_600_000, random)
      const result = eventSchemas[kind].safeParse({ id: 'x-1', data })
      expect(result.error, `${source.device.id} ${kind} ${JSON.stringify(data)}`).toBeUndefined()
      seen.add(kind)
    }
  }
  expect([...seen].sort()).toEqual([...eventKinds].sort())
})

test('a panic button says nothing by itself', () => {
  expect(first('school-01-button-01', '1', 10)).toEqual([])
})

test('plates have seven characters, or eight for new energy, and never the letters I and O', () => {
  const random = createRandom('plates')
  const plates = Array.from({ length: 2000 }, () => plate(random))
  for (const text of plates) expect(text).toMatch(/^[京冀豫陕晋][A-Z]([A-HJ-NP-Z0-9]{5}|[DF]\d{5})$/)
  expect(plates.filter(text => text.startsWith('晋A')).length).toBeGreaterThan(1600)
})

test('heartbeats are valid, at most as far apart as supervision allows, and never a storm', () => {
  for (const kind of deviceKinds) {
    const beat = heartbeatOf(kind, 61_000, createRandom(kind))
    expect(payloadSchemas.heartbeat.parse(beat)).toEqual(beat)
    expect(heartbeatIntervalMs(kind, 100_000)).toBe(5000)
  }
  expect(heartbeatIntervalMs('panic-button', 1)).toBe(30_000)
  expect(heartbeatIntervalMs('panic-button', 0.1)).toBe(30_000)
  expect(heartbeatIntervalMs('sensor', 3)).toBe(30_000)
})

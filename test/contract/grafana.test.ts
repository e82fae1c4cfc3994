import { mkdtempSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InfluxDB } from 'influx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { toResponsePoint } from '../../gateway/influx/response-point.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import { kinds } from '../../schemas/events/kinds.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice } from '../helpers/device.ts'
import { dispatchTo, startEndpoint, type TestEndpoint } from '../helpers/endpoint.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { dashboards, substituted, targets } from '../helpers/grafana-files.ts'
import { type Influxd, startInfluxd } from '../helpers/influxd.ts'
import { post } from '../helpers/people.ts'
import { secretOf } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * Every query on InfluxDB is asked of a real one that a real gateway has filled: each kind of event at three sites, one of each
 * response class, and an alarm at each that went the whole way.
 */
const sites = [
  { id: 'school-01', kind: 'school', responseMinutes: 1 },
  { id: 'school-02', kind: 'kindergarten', responseMinutes: 3 },
  { id: 'compound-01', kind: 'compound', responseMinutes: 5 },
] as const
const always = { timeFilter: 'time >= now() - 1h and time <= now()', __interval: '10s', mode: 'actual' }
const all = { ...always, siteKind: '.*', site: '.*', metric: 'temperatureC', kind: 'access' }
/** One, and two of a multi-value variable as Grafana writes them into a regular expression. */
const chosen = [...sites.map(({ id }) => id), '(school-01|school-02)', '(school-02|compound-01)']

const queries = targets.flatMap(({ from, query }) => (query === undefined ? [] : [{ from, query }]))
const others = dashboards.flatMap(({ title, annotations, templating }) => [
  ...annotations.list.map(({ name, query }) => ({ from: `${title}: annotation ${name}`, query })),
  ...templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => ({ from: `${title}: variable ${name}`, query })),
])

const dir = mkdtempSync(join(tmpdir(), 'gatehouse-grafana-'))
let influxd: Influxd
let gateway: RunningGateway
let endpoint: TestEndpoint
let client: InfluxDB
let database: string

beforeAll(async () => {
  influxd = await startInfluxd()
  endpoint = await startEndpoint()
  database = influxd.newDatabase()
  client = influxd.client(database)
  const registry = join(dir, 'registry.yaml')
  const devices = sites.map(({ id: site }) => ({
    id: `${site}-button`,
    site,
    kind: 'panic-button',
    name: '按钮',
    placement: '门卫室',
    secret: secretOf(`${site}-button`),
  }))
  await writeFile(
    registry,
    stringify({
      version: 1,
      sites: sites.map(site => ({ name: site.id, contacts: [], ...site })),
      devices,
      endpoints: [],
    }),
  )
  const env = { GATEHOUSE_INFLUX_URL: influxd.url, GATEHOUSE_INFLUX_DATABASE: database, ...dispatchTo(endpoint) }
  gateway = await startGateway({ dataDir: join(dir, 'data'), registry, env })
  for (const { id: site } of sites) {
    const device = await connectDevice(gateway.mqttUrl, { site, device: `${site}-button` })
    for (const kind of kinds.filter(kind => kind !== 'status')) {
      const { time: _, ...example } = JSON.parse(
        readFileSync(`${import.meta.dirname}/../../schemas/examples/${kind}.json`, 'utf8'),
      )
      if (kind === 'heartbeat') await device.publishRaw(topics.heartbeat(device.address), JSON.stringify(example))
      else await device.publish(kind, { ...example, id: `${kind}-1` })
    }
    await device.end()
  }
  const { items } = await until(async () => {
    const page = await gateway.get<{ items: Alarm[] }>('alarms')
    return page.items.filter(({ stage }) => stage === 'delivered').length === sites.length && page
  }, 'an alarm of each site, delivered')
  for (const { id } of items)
    for (const [action, body] of Object.entries({
      acknowledge: {},
      dispatch: {},
      arrive: {},
      close: { disposition: 'real' },
    }))
      expect((await post(gateway, `alarms/${id}/${action}`, { by: '王', ...body })).status).toBe(200)
  // What takes more than a minute: a late arrival, as the gateway would write it.
  const legs = { deliverMs: 9, acknowledgeMs: 9000, dispatchMs: 21_000, arriveMs: 170_000, closeMs: 600_000 }
  const closed = {
    seq: 900,
    alarm: 'late',
    device: 'school-01-button',
    mode: 'actual',
    closedAt: Date.now(),
    legs,
  } as const
  await client.writePoints([toResponsePoint({ ...closed, site: 'school-01', siteKind: 'school', responseMinutes: 1 })])
  // Six kinds and the response, at each site, and the late one.
  await until(async () => (await influxd.countPoints(database)) === 7 * sites.length + 1, 'all points')
})
afterAll(async () => {
  await gateway?.stop()
  await endpoint?.down()
  await influxd?.remove()
  await rm(dir, { recursive: true, force: true })
})

describe.each(queries)('$from', ({ query }) => {
  test('finds points, and no column without a value', async () => {
    const series = await seriesOf(substituted(query, all))
    expect(series).not.toEqual([])
    // Nobody delivers here, so nothing was delivered.
    for (const { columns, values } of series)
      for (const [index, name] of columns.entries())
        if (!/deliver|送达/.test(name))
          expect(
            values.some(row => row[index] !== null),
            `${name} of ${query}`,
          ).toBe(true)
  })

  test('finds what is chosen, and only that', async () => {
    // What fill(0) makes up is not found; a query that forgot the site would find the others' points.
    const text = query.replaceAll('fill(0)', 'fill(none)')
    const found = await Promise.all(chosen.map(site => seriesOf(substituted(text, { ...all, site }))))
    // A panel of one class finds one of three sites, and each pair that holds it.
    expect(found.slice(0, 3).some(series => series.length > 0)).toBe(true)
    expect(found.slice(3).some(series => series.length > 0)).toBe(true)
    expect(await seriesOf(substituted(text, { ...all, site: 'nowhere' }))).toEqual([])
    expect(await seriesOf(substituted(text, { ...all, siteKind: 'nothing' }))).toEqual([])
  })
})

test.each(others)('$from finds something', async ({ query }) => {
  expect(await seriesOf(substituted(query, all))).not.toEqual([])
})

test('traffic by site is one series for each site', async () => {
  const { query } = queries.find(({ from }) => from.includes('Traffic by site'))!
  const text = substituted(query, all).replaceAll('fill(0)', 'fill(none)')
  expect(await seriesOf(text)).toMatchObject(
    ['compound-01', 'school-01', 'school-02'].map(site => ({ tags: { site }, values: [[expect.anything(), 1]] })),
  )
})

test('each class finds the one site of that class, and arriving at once was in time at all three', async () => {
  for (const { id, responseMinutes } of sites) {
    const { query } = queries.find(({ from }) => from.includes(`class of ${responseMinutes} min`))!
    expect(await seriesOf(substituted(query, all))).toMatchObject([{ tags: { site: id } }])
  }
  const [inTime, late] = queries.filter(({ from }) => from.includes('Arrived within the class'))
  expect(await seriesOf(substituted(inTime!.query, all))).toMatchObject([{ values: [[expect.anything(), 3]] }])
  expect(await seriesOf(substituted(late!.query, all))).toMatchObject([{ values: [[expect.anything(), 1]] }])
})

test.each([
  ['metric', ['humidityPct', 'noiseDb', 'temperatureC']],
  ['kind', ['access', 'alarm', 'face', 'telemetry', 'vehicle']],
])('the variable %s offers just what its panel can show', async (name, offered) => {
  const { query, regex } = dashboards.flatMap(({ templating }) => templating.list).find(list => list.name === name)!
  const found = (await client.query<{ fieldKey?: string; name?: string }>(query)).map(row => row.fieldKey ?? row.name!)
  const [, pattern] = /^\/(.*)\/$/.exec(regex!)!
  expect(found.filter(value => new RegExp(pattern!).test(value)).sort()).toEqual(offered)
})

test('every name in a query is a measurement, field or tag that the gateway has written', async () => {
  const rows = async (query: string, column: string) =>
    (await client.query<Record<string, string>>(query)).map(row => row[column]!)
  const known = new Set([
    ...(await rows('SHOW MEASUREMENTS', 'name')),
    ...(await rows('SHOW FIELD KEYS', 'fieldKey')),
    ...(await rows('SHOW TAG KEYS', 'tagKey')),
    ...['$metric', '$kind', 'last'],
  ])
  for (const { from, query } of [...queries, ...others]) {
    const own = [...query.matchAll(/AS "([^"]+)"/g)].map(match => match[1]!)
    for (const [, name] of query.matchAll(/"([^"]+)"/g)) expect([...known, ...own], `${from}: ${query}`).toContain(name)
  }
})

type Series = { tags?: Record<string, string>; columns: string[]; values: unknown[][] }
/** The series of the answer that hold at least one value. Throws what InfluxDB has against the query. */
async function seriesOf(query: string): Promise<Series[]> {
  const { results } = (await client.queryRaw(query)) as { results: { error?: string; series?: Series[] }[] }
  for (const { error } of results) if (error !== undefined) throw new Error(`${error}: ${query}`)
  return results.flatMap(({ series }) => series ?? []).filter(({ values }) => values.length > 0)
}

import { readdirSync, readFileSync } from 'node:fs'
import type { InfluxDB, IPoint } from 'influx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { toPoint } from '../../gateway/influx/points.ts'
import { kinds } from '../../schemas/events/kinds.ts'
import { type Influxd, startInfluxd } from '../helpers/influxd.ts'

/** Every query of every dashboard is asked of a real InfluxDB that holds points of contract section 4, and finds some. */
type Query = { from: string; query: string }
type Variable = { name: string; query: string; regex: string; includeAll: boolean; allValue?: string }
type Dashboard = {
  title: string
  uid: string
  panels: { id: number; title: string; datasource: Datasource; targets: { query: string; datasource: Datasource }[] }[]
  templating: { list: (Variable & { datasource: Datasource })[] }
  annotations: { list: { name: string; query: string; datasource: Datasource }[] }
}
type Datasource = { type: string; uid: string }

const grafana = `${import.meta.dirname}/../../gateway/grafana`
const files = readdirSync(`${grafana}/dashboards`)
const dashboards: Dashboard[] = files.map(file => JSON.parse(readFileSync(`${grafana}/dashboards/${file}`, 'utf8')))
const panelQueries: Query[] = dashboards.flatMap(({ panels }) =>
  panels.flatMap(panel => panel.targets.map(({ query }) => ({ from: panel.title, query }))),
)
const otherQueries: Query[] = dashboards.flatMap(({ annotations, templating }) => [
  ...annotations.list.map(({ name, query }) => ({ from: `annotation ${name}`, query })),
  ...templating.list.map(({ name, query }) => ({ from: `variable ${name}`, query })),
])

const all = { siteKind: '.*', site: '.*', metric: 'temperatureC', kind: 'access' }
const one = { siteKind: 'school', site: 'school-01', metric: 'humidityPct', kind: 'alarm' }
/** Two of a multi-value variable, as Grafana writes them into a regular expression. */
const two = { siteKind: '(school|compound)', site: '(school-01|school-02)', metric: 'temperatureC', kind: 'access' }

/** As Grafana does it before it asks. Throws where a variable is left over. */
function substituted(query: string, variables: Record<string, string>): string {
  const text = query.replaceAll(/\$(\w+)/g, (_, name: string) => {
    if (name === 'timeFilter') return 'time >= now() - 1h and time <= now()'
    if (name === '__interval') return '10s'
    const value = variables[name]
    if (value === undefined) throw new Error(`nothing is known to stand for $${name} in ${query}`)
    return value
  })
  if (text.includes('[[') || text.includes('${')) throw new Error(`another way of naming a variable: ${query}`)
  return text
}

let influxd: Influxd
let client: InfluxDB

beforeAll(async () => {
  influxd = await startInfluxd()
  const database = influxd.newDatabase()
  client = influxd.client(database)
  await client.createDatabase(database)
  await client.writePoints(points())
}, 30_000)
afterAll(() => influxd.remove())

describe.each(panelQueries)('$from', ({ query }) => {
  test.each([
    ['all sites', all],
    ['one site', one],
    ['two sites', two],
  ])('finds points of %s', async (_, variables) => {
    expect(await seriesOf(substituted(query, variables))).not.toEqual([])
  })

  test('finds nothing of a site that there is not', async () => {
    // What fill(0) makes up is not found; a query that forgot the site would find the others' points.
    const text = substituted(query, { ...all, site: 'nowhere' }).replaceAll(/fill\(0\)/g, 'fill(none)')
    expect(await seriesOf(text)).toEqual([])
  })
})

test('traffic by site is one series for each site', async () => {
  const { query } = panelQueries.find(({ from }) => from.startsWith('Traffic by site'))!
  const text = substituted(query, all).replaceAll('fill(0)', 'fill(none)')
  expect(await seriesOf(text)).toMatchObject(
    ['compound-01', 'school-01', 'school-02'].map(site => ({ tags: { site }, values: [[expect.anything(), 1]] })),
  )
})

test.each(otherQueries)('$from finds something', async ({ query }) => {
  expect(await seriesOf(substituted(query, all))).not.toEqual([])
})

test.each([
  ['metric', ['humidityPct', 'noiseDb', 'temperatureC']],
  ['kind', ['access', 'alarm', 'face', 'telemetry', 'vehicle']],
])('the variable %s offers just what its panel can show', async (name, offered) => {
  const { query, regex } = dashboards.flatMap(({ templating }) => templating.list).find(list => list.name === name)!
  const found = (await client.query<{ fieldKey?: string; name?: string }>(query)).map(row => row.fieldKey ?? row.name!)
  const [, pattern] = /^\/(.*)\/$/.exec(regex)!
  expect(found.filter(value => new RegExp(pattern!).test(value)).sort()).toEqual(offered)
})

test('every field and tag that a query names is one of the points', async () => {
  const names = points().flatMap(({ tags, fields, measurement }) => [
    measurement!,
    ...Object.keys(tags!),
    ...Object.keys(fields!),
  ])
  const known = new Set([...names, '$metric', '$kind'])
  for (const { from, query } of [...panelQueries, ...otherQueries]) {
    const own = [...query.matchAll(/AS "([^"]+)"/g)].map(match => match[1]!)
    const said = [...query.matchAll(/"([^"]+)"/g)].map(match => match[1]!)
    for (const name of said) expect([...known, ...own, 'last'], `${from}: ${query}`).toContain(name)
  }
})

test('dashboards, data source and provider fit together', () => {
  const source = parse(readFileSync(`${grafana}/provisioning/datasources/gatehouse.yaml`, 'utf8')).datasources[0]
  const provider = parse(readFileSync(`${grafana}/provisioning/dashboards/gatehouse.yaml`, 'utf8')).providers[0]
  const compose = parse(readFileSync(`${grafana}/../../docker-compose.yml`, 'utf8'), { merge: true })
  expect(compose.services.grafana.volumes).toContain(`./gateway/grafana/dashboards:${provider.options.path}:ro`)
  expect(source.jsonData.version).toBe('InfluxQL')
  for (const { panels, templating, annotations } of dashboards)
    for (const { datasource } of [
      ...panels,
      ...panels.flatMap(({ targets }) => targets),
      ...templating.list,
      ...annotations.list,
    ])
      expect(datasource).toEqual({ type: source.type, uid: source.uid })
  const ids = dashboards.flatMap(({ panels }) => panels.map(({ id }) => id))
  expect(new Set(ids).size).toBe(ids.length)
})

/** The series of the answer that hold at least one value. Throws what InfluxDB has against the query. */
async function seriesOf(query: string): Promise<unknown[]> {
  const { results } = (await client.queryRaw(query)) as {
    results: { error?: string; series?: { values: unknown[][] }[] }[]
  }
  for (const { error } of results) if (error !== undefined) throw new Error(`${error}: ${query}`)
  return results.flatMap(({ series }) => series ?? []).filter(({ values }) => values.length > 0)
}

/** One point of each kind at three sites, a minute ago: the examples of schemas/ as the gateway writes them. */
function points(): IPoint[] {
  const at = Date.now() - 60_000
  const sites = [
    { site: 'school-01', siteKind: 'school' },
    { site: 'school-02', siteKind: 'school' },
    { site: 'compound-01', siteKind: 'compound' },
  ] as const
  let seq = 0
  return sites.flatMap(({ site, siteKind }) => {
    const measured = kinds.flatMap(kind => {
      const device = `${site}-${kind}-01`
      const payload = readFileSync(`${import.meta.dirname}/../../schemas/examples/${kind}.json`, 'utf8')
      const entry = {
        seq: ++seq,
        site,
        siteKind,
        device,
        kind,
        id: `e-${seq}`,
        at,
        receivedAt: at + 40,
        skewMs: 9,
        payload,
      }
      return toPoint(entry, { version: 1, pseudonym: () => '0123456789abcdef' }) ?? []
    })
    const tags = { site, siteKind, device: `${site}-button-01` }
    const fields = { deliverMs: 8, acknowledgeMs: 9000, dispatchMs: 61_000, arriveMs: 170_000, closeMs: 600_000 }
    return [...measured, { measurement: 'response', tags, fields, timestamp: `${at}000000` }]
  })
}

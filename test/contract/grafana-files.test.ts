import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  alertingText,
  conditionOf,
  dashboards,
  datasources,
  grafana,
  provider,
  rules,
  substituted,
  targets,
} from '../helpers/grafana-files.ts'

/** What Grafana needs of its files and doesn't complain of: it shows an empty panel, or nothing. */
const titles = dashboards.map(({ title }) => title)
const uids = new Set(datasources.map(({ uid }) => uid))

test('four dashboards, each with a uid and a form that Grafana 12 reads, links to the others, panels with ids of their own', () => {
  expect(titles.map(title => title.split(' ')[1]).sort()).toEqual(['网关', '在线', '处警', '流量'].sort())
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length)
  for (const { uid, schemaVersion, panels } of dashboards) {
    expect(uid).toMatch(/^[a-z-]{1,40}$/)
    expect(schemaVersion).toBeGreaterThanOrEqual(39)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  }
})

test('panels lie on a grid of 24 columns and not on each other', () => {
  for (const { title, panels } of dashboards)
    for (const [index, { gridPos: one, title: name }] of panels.entries()) {
      expect(one.w * one.h, name).toBeGreaterThan(0)
      expect(one.x + one.w, name).toBeLessThanOrEqual(24)
      for (const { gridPos: other, title: second } of panels.slice(index + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y
        expect(apart, `${title}: ${name} and ${second}`).toBe(true)
      }
    }
})

test('every panel has a title in Chinese and English, a unit, and targets with a letter of their own', () => {
  for (const { panels } of dashboards)
    for (const { title, type, fieldConfig, targets } of panels) {
      if (title !== 'InfluxDB') expect(title).toMatch(/\p{Script=Han}.* · .*[a-zA-Z]/u)
      if (title.includes('报警事件') || title.includes('已关闭的报警')) expect(type).toBe('table')
      else expect(fieldConfig.defaults.unit, title).toEqual(expect.any(String))
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    }
})

test('every datasource that is named is provisioned, and its kind fits the query', () => {
  const types = Object.fromEntries(datasources.map(({ uid, type }) => [uid, type]))
  expect(types).toEqual({ 'gatehouse-influxdb': 'influxdb', 'gatehouse-prometheus': 'prometheus' })
  expect(datasources[0]!.jsonData.version).toBe('InfluxQL')
  const named = dashboards.flatMap(({ panels, templating, annotations }) => [
    ...panels,
    ...templating.list.filter(({ type }) => type === 'query'),
    ...annotations.list,
  ])
  for (const { datasource } of [...named, ...targets]) expect(types[datasource!.uid]).toBe(datasource!.type)
  for (const { from, datasource, query, expr } of targets)
    expect([from, query !== undefined, expr !== undefined]).toEqual([
      from,
      datasource.type === 'influxdb',
      datasource.type === 'prometheus',
    ])
})

test('an alias names only tags that the query groups by', () => {
  for (const { from, query, alias } of targets)
    for (const [, tag] of (alias ?? '').matchAll(/\$tag_(\w+)/g))
      expect(query!.slice(query!.indexOf('GROUP BY')), from).toContain(`"${tag}"`)
})

test('dashboards use only variables that they have', () => {
  const own = ['timeFilter', '__interval', '__rate_interval']
  for (const { templating, panels, annotations } of dashboards) {
    const variables = Object.fromEntries([...own, ...templating.list.map(({ name }) => name)].map(name => [name, 'x']))
    for (const { query, expr } of [...panels.flatMap(panel => panel.targets), ...annotations.list] as {
      query?: string
      expr?: string
    }[])
      substituted(query ?? expr!, variables)
  }
})

test('alert rules: a letter each, a threshold, words on what to do, nothing that the environment would replace', () => {
  expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length)
  for (const name of [
    'journal-lag',
    'delivery-failing',
    'disk-failing',
    'silent-buttons',
    'event-loop',
    'certificate-ends',
  ])
    expect(rules.map(({ uid }) => uid)).toContain(`gatehouse-${name}`)
  expect(alertingText).not.toContain('$')
  for (const rule of rules) {
    expect(rule.uid).toMatch(/^[a-z-]{1,40}$/)
    expect(rule.labels.severity).toMatch(/^(critical|warning)$/)
    expect(rule.annotations.description).toMatch(/\p{Script=Han}.* · .*[a-z]/u)
    expect(rule.for).toMatch(/^\d+[sm]$/)
    expect(['OK', 'Alerting', 'NoData']).toContain(rule.noDataState)
    conditionOf(rule)
    for (const { datasourceUid, refId, model } of rule.data) {
      expect(model.refId).toBe(refId)
      expect([...uids, '__expr__']).toContain(datasourceUid)
    }
  }
})

test('compose puts each file where Grafana and Prometheus look', () => {
  const { services } = parse(readFileSync(`${grafana}/../../docker-compose.yml`, 'utf8'), { merge: true })
  for (const kind of ['datasources', 'dashboards', 'alerting'])
    expect(services.grafana.volumes).toContain(
      `./gateway/grafana/provisioning/${kind}:/etc/grafana/provisioning/${kind}:ro`,
    )
  expect(services.grafana.volumes).toContain(`./gateway/grafana/dashboards:${provider.options.path}:ro`)
  const home = services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH
  readFileSync(home.replace(provider.options.path, `${grafana}/dashboards`))
  for (const file of ['plain.yml', 'tls.yml']) {
    const { scrape_configs: jobs } = parse(readFileSync(`${grafana}/prometheus/${file}`, 'utf8'))
    expect(jobs[0].job_name).toBe('gatehouse')
    expect(jobs[0].static_configs[0].targets).toEqual(['gateway:8080'])
  }
})

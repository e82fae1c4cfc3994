import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority, tlsSettings } from '../helpers/certificates.ts'
import { startClocked } from '../helpers/clocked-gateway.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { conditionOf, grafana, rules, substituted, targets } from '../helpers/grafana-files.ts'
import { startPrometheus } from '../helpers/prometheus.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * Every expression of dashboards and alert rules is asked of a real Prometheus that scrapes a gateway with its own configuration
 * file. The gateway has trouble of every kind that rules are about: an endpoint that is gone, buttons that are silent, an
 * InfluxDB that is away, rejections, a certificate that ends.
 */
const configOf = (file: string, port: number) =>
  readFileSync(`${grafana}/prometheus/${file}`, 'utf8')
    .replace('gateway:8080', `127.0.0.1:${port}`)
    .replace('scrape_interval: 15s', 'scrape_interval: 1s')

test.each(['plain.yml', 'tls.yml'])('promtool takes %s', file => {
  execFileSync('promtool', ['check', 'config', `${grafana}/prometheus/${file}`], { stdio: 'pipe' })
})

test('every expression finds something, and each rule fires for its trouble and for no other', async () => {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const certificate = createAuthority(dir).issue('gateway.example', { days: 7 })
  const gateway = await startClocked({
    dataDir: join(dir, 'data'),
    registry: writeRegistry(dir),
    env: {
      ...dispatchTo(endpoint),
      ...tlsSettings(certificate),
      GATEHOUSE_MQTTS_PORT: '0',
      GATEHOUSE_INFLUX_URL: 'http://127.0.0.1:1',
    },
  })
  const prometheus = await startPrometheus(configOf('tls.yml', gateway.httpPort))
  onTestFinished(() => prometheus.stop())
  const value = async (expr: string) => (await prometheus.query(expr))[0]?.value
  const delivered = 'gatehouse_delivery_attempts_total{result="delivered"}'
  const firing = async () => {
    const found = await Promise.all(
      rules.map(async rule => {
        const { expr, fires } = conditionOf(rule)
        return (await prometheus.query(expr)).some(({ value }) => fires(value))
          ? [rule.uid.replace('gatehouse-', '')]
          : []
      }),
    )
    // How late a busy machine makes the main thread is its own affair, and how much room it has.
    return found.flat().filter(uid => !['event-loop', 'disk-low'].includes(uid))
  }

  const first = await connectDevice(gateway.mqttUrl, button(1))
  await first.publish('alarm', panic('p-1'))
  await endpoint.next()
  await until(async () => (await value(delivered)) === 1, 'a delivery scraped')
  expect(await firing()).toEqual(['certificate-ends'])

  // A rate is made of what changes between two looks.
  const third = await connectDevice(gateway.mqttUrl, button(3))
  await third.publish('alarm', panic('p-3'))
  await until(async () => (await value(delivered)) === 2, 'another delivery scraped')

  await endpoint.down()
  const other = await connectDevice(gateway.mqttUrl, gate)
  for (let n = 0; n < 120; n++) await other.publish('access', { id: `wrong-${n}` })
  const second = await connectDevice(gateway.mqttUrl, button(2))
  await second.publish('alarm', panic('p-2'))
  await until(
    async () => ((await value('gatehouse_delivery_attempts_total{result="failed"}')) ?? 0) > 0,
    'a failed attempt',
  )
  gateway.pass(330)
  await until(async () => (await value('sum(gatehouse_devices{presence="silent"})')) === 5, 'all devices silent')
  await until(async () => ((await value('max(gatehouse_deliveries_oldest_seconds)')) ?? 0) > 300, 'an old delivery')

  const asked = [
    ...targets.flatMap(({ from, expr }) => (expr === undefined ? [] : [{ from, expr }])),
    ...rules.map(rule => ({ from: `rule ${rule.title}`, expr: conditionOf(rule).expr })),
  ]
  const empty: string[] = []
  for (const { from, expr } of asked) {
    const found = await prometheus.query(substituted(expr, { __rate_interval: '1m', site: '.*' }))
    if (!found.some(({ value }) => !Number.isNaN(value))) empty.push(`${from}: ${expr}`)
  }
  expect(asked.length).toBeGreaterThan(30)
  expect(empty).toEqual([])
  const trouble = ['journal-lag', 'delivery-failing', 'silent-buttons', 'certificate-ends', 'rejections']
  expect(await firing()).toEqual(trouble)
  expect(await prometheus.query('sum by (site) (gatehouse_devices_silent{kind="panic-button"})')).toMatchObject([
    { metric: { site: 'school-01' }, value: 4 },
  ])
  expect(await value('gatehouse_certificate_expires_seconds')).toBe(
    Date.parse(new X509Certificate(certificate.cert).validTo) / 1000,
  )

  for (const device of [first, second, third, other]) await device.end()
  await gateway.stop()
  await until(async () => (await value('up')) === 0, 'the gateway is gone')
  expect(await firing()).toContain('gateway-gone')
})

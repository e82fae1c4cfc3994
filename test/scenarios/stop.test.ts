import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { connectDevice, panic, passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { dispatchTo, startEndpoint } from '../helpers/endpoint.ts'
import { failToStart, type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { startStoringDevice } from '../helpers/storing-device.ts'
import { until } from '../helpers/until.ts'

const stopLimitMs = 10_000

const errorsOf = ({ log }: RunningGateway) => log.filter(({ level }) => level === 'error' || level === 'fatal')

describe('a stop under load', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it cleanly, and all that was pubacked is there after the next start',
    async signal => {
      const dir = temporaryDirectory()
      const options = { dataDir: `${dir}/data`, registry: writeRegistry(dir, { buttons: 4 }) }
      const gateway = await startGateway(options)
      onTestFinished(() => gateway.kill())
      const devices = [1, 2, 3, 4].map(number =>
        startStoringDevice(gateway.mqttUrl, button(number), {
          inFlight: 50,
          next: n => ({ kind: 'access', id: `e-${n}`, payload: passage(`e-${n}`) }),
        }),
      )
      onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
      await until(() => devices.every(({ pubacked }) => pubacked.length > 200), 'load')

      const startedMs = performance.now()
      expect(await gateway.stop(signal)).toBe(0)
      expect(performance.now() - startedMs).toBeLessThan(stopLimitMs)
      await until(() => gateway.log.some(({ msg }) => msg === 'stopped'), 'the last line')
      expect(errorsOf(gateway)).toEqual([])
      await Promise.all(devices.map(device => device.end()))

      const next = await startGateway(options)
      onTestFinished(() => next.kill())
      const { accepted } = await next.get<Stats>('stats')
      const pubacked = devices.flatMap(device => device.pubacked.map(id => `${device.address.device} ${id}`))
      const kept = new Set<string>()
      for (let cursor = ''; ; ) {
        const page = await next.get<{ items: { device: string; id: string }[]; cursor: string | null }>(
          `events?limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        )
        for (const { device, id } of page.items) kept.add(`${device} ${id}`)
        if (page.cursor === null) break
        cursor = page.cursor
      }
      expect(kept.size).toBe(accepted)
      expect(pubacked.filter(event => !kept.has(event))).toEqual([])
      expect(await next.stop()).toBe(0)
    },
  )

  test('an endpoint and an InfluxDB that answer nothing hold it up no longer than that', async () => {
    const endpoint = await startEndpoint()
    onTestFinished(() => endpoint.down())
    endpoint.behave(() => {})
    let asked = 0
    const silent = createServer(() => void asked++)
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close().closeAllConnections())
    const dir = temporaryDirectory()
    const gateway = await startGateway({
      dataDir: `${dir}/data`,
      registry: writeRegistry(dir),
      env: {
        ...dispatchTo(endpoint),
        GATEHOUSE_INFLUX_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      },
    })
    onTestFinished(() => gateway.kill())
    const device = await connectDevice(gateway.mqttUrl, button(1))
    onTestFinished(() => device.end())
    await until(
      () => asked > 0 || device.publish('alarm', panic(`a-${performance.now()}`)).then(() => false),
      'a write',
    )
    await endpoint.next()

    const startedMs = performance.now()
    expect(await gateway.stop()).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(stopLimitMs)
    expect(errorsOf(gateway)).toEqual([])
  })
})

describe('a start that can not be', () => {
  const registry = () => writeRegistry(temporaryDirectory())
  const dataDir = () => `${temporaryDirectory()}/data`

  test.each([
    ['MQTT', 'GATEHOUSE_MQTT_PORT', 'GATEHOUSE_MQTT_HOST and GATEHOUSE_MQTT_PORT'],
    ['HTTP', 'GATEHOUSE_HTTP_PORT', 'GATEHOUSE_HTTP_HOST and GATEHOUSE_HTTP_PORT'],
  ])('the port of %s is in use', async (what, variable, mend) => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await failToStart({
      dataDir: dataDir(),
      registry: registry(),
      env: { [variable]: String(port) },
    })
    expect(stderr).toMatch(/^Gatehouse can't start:\n {2}[^\n]+\n$/)
    expect(stderr).toContain(`${what} can't listen on 127.0.0.1:${port} (`)
    expect(stderr).toContain('EADDRINUSE')
    expect(stderr).toContain(`; set ${mend}\n`)
    expect(code).toBe(1)
  })

  test('all mistakes of the settings are told at once, without a secret, and nothing is made', async () => {
    const { code, stderr } = await failToStart({
      dataDir: '/nonexistent/data',
      registry: registry(),
      env: {
        GATEHOUSE_MQTT_PORT: '70000',
        GATEHOUSE_INFLUX_URL: 'influx:8086/s3cret-in-url',
        GATEHOUSE_RETENTION_DAYS: '0',
        GATEHOUSE_API_TOKENS: 'ann:boss:s3cret-token',
        GATEHOUSE_DISPATCH_URL: 'http://127.0.0.1/x',
      },
    })
    const [title, ...lines] = stderr.trimEnd().split('\n')
    expect(title).toBe("Gatehouse can't start:")
    expect(lines.map(line => line.trim().split(':')[0]).sort()).toEqual([
      'GATEHOUSE_API_TOKENS',
      'GATEHOUSE_DISPATCH_SECRET',
      'GATEHOUSE_INFLUX_URL',
      'GATEHOUSE_MQTT_PORT',
      'GATEHOUSE_RETENTION_DAYS',
    ])
    expect(stderr).not.toContain('s3cret')
    expect(code).toBe(78)
  })

  test('a registry with mistakes is told with its lines', async () => {
    const dir = temporaryDirectory()
    const file = writeRegistry(dir)
    const { code, stderr } = await failToStart({
      dataDir: `${dir}/data`,
      registry: `${file}.missing`,
    })
    expect(stderr).toContain(`  GATEHOUSE_REGISTRY: ${file}.missing can't be read`)
    expect(code).toBe(78)
  })
})

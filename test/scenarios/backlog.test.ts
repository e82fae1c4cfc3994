import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { Stats } from '../../schemas/api.ts'
import { topics } from '../../schemas/topics.ts'
import { passage } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { type RunningGateway, startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { connectRaw, publishPacket } from '../helpers/raw-device.ts'
import { button, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/** A consumer that was stopped costs disk and no memory (issue 4, 9). On the scale of an hour: npm run bench's backlog.ts. */
const events = 4800
const atOnce = 200
const warmAfter = 1600
/** After the warm-up 51 MB come: more than the gateway may grow by. While it drains, each thread's heap is bounded by `heapMb`. */
const padding = 'x'.repeat(16_000)
const heapMb = 80
const growthMib = 40
const drainingMib = 250

const rssMib = ({ pid }: RunningGateway): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('while InfluxDB is down memory stays flat; then all of the backlog becomes points, each once', async () => {
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  if (!influxd.ownProcess) return
  const database = influxd.newDatabase()
  const dir = temporaryDirectory()
  const options = {
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir),
    env: {
      GATEHOUSE_INFLUX_URL: influxd.url,
      GATEHOUSE_INFLUX_DATABASE: database,
      NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
    },
  }
  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  await influxd.stop()
  const device = await connectRaw(gateway.mqttPort, button(1).device)
  let acked = 0
  device.socket.on('data', (chunk: Buffer) => {
    acked += chunk.length / 4
  })
  const topic = topics.event(button(1), 'access')
  let warmMib = 0
  for (let sent = 0; sent < events; ) {
    const packets = Array.from({ length: atOnce }, () => {
      const payload = JSON.stringify({ ...passage(`e-${sent++}`), padding })
      return publishPacket(topic, payload, (sent % 65_535) + 1)
    })
    device.send(...packets)
    await until(() => acked >= sent, `puback of ${sent}`)
    if (sent === warmAfter) warmMib = rssMib(gateway)
  }
  expect(warmMib).toBeGreaterThan(0)
  expect(rssMib(gateway) - warmMib).toBeLessThan(growthMib)
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text()
  expect(metrics).toMatch(new RegExp(`^gatehouse_consumer_lag_entries\\{consumer="influx"\\} ${events}$`, 'm'))
  expect(metrics).toMatch(/^gatehouse_consumer_lag_seconds\{consumer="influx"\} [\d.]*[1-9]/m)
  expect(metrics).toMatch(/^gatehouse_event_loop_delay_seconds\{quantile="1"\} [\d.]+$/m)

  await influxd.start()
  await until(async () => (await gateway.get<Stats>('stats')).consumers.influx?.pending === 0, 'the backlog')
  expect(rssMib(gateway) - warmMib).toBeLessThan(drainingMib)
  expect(await influxd.countPoints(database)).toBe(events)
  expect(await gateway.stop()).toBe(0)
})

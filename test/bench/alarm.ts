import { alternate } from './alternate.ts'
import { type Figure, row } from './figure.ts'
import { quantile } from './median.ts'
import { isHere, missingOf, type Peers } from './peers.ts'
import { startBench } from './processes.ts'
import { loadDevices } from './stand.ts'
import { gateway, nodeRed, type StartSubject, withSubject } from './subject.ts'

/** From the press at the device to the request at dispatch, with InfluxDB beside it: nobody else there, and 10,000 events/s. */
type Found = { p50: number; p99: number; max: number; backgroundPerSecond: number }
const busy = 10_000
const pressesPerSecond = 20
/** What a first press costs once after a start isn't what a press costs. */
const warming = 20
const inFlight = 1000
/** How long press.ts waits for the last; a press that never came counts as this. */
const neverMs = 30_000

export async function alarmLatency(peers: Peers, rounds: number, presses: number): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const rate of [0, busy]) {
    const found = await alternate(`alarm at ${rate}/s`, rounds, {
      gateway: () => measure(gateway, rate, presses),
      ...(isHere(peers.nodeRed) && { 'Node-RED': () => measure(nodeRed, rate, presses) }),
    })
    const events = `${rate.toLocaleString('en')} events/s`
    const rowsOf = (of: keyof Found) =>
      Object.entries(found).map(([name, all]) =>
        row(
          name,
          all.map(one => one[of]),
        ),
      )
    const figure = (quantile: 'p50' | 'p99'): Figure => ({
      title: `alarm, press → webhook, ${rate === 0 ? 'idle' : `under ${events}`}, ${quantile}`,
      unit: 'ms',
      better: 'less',
      rows: rowsOf(quantile),
      against: 'Node-RED',
      missing: missingOf(peers.nodeRed),
    })
    figures.push(
      { ...figure('p50'), ...(rate === 0 && { aim: { value: 1.5 } }) },
      { ...figure('p99'), ...(rate > 0 && { aim: { value: 8 } }) },
    )
    // The figures above hold only where the others were served meanwhile.
    if (rate > 0)
      figures.push({
        title: `pubacked meanwhile, of the ${events}`,
        unit: 'events/s',
        better: 'more',
        rows: rowsOf('backgroundPerSecond'),
        missing: [],
      })
  }
  return figures
}

async function measure(start: StartSubject, rate: number, presses: number): Promise<Found> {
  const press = startBench('press.ts', 0, presses + warming, pressesPerSecond)
  return await withSubject(start, Number(await press.line()), async ({ mqttPort }) => {
    const load = rate > 0 ? startBench('load.ts', mqttPort, loadDevices, inFlight, rate) : undefined
    await load?.line()
    const started = performance.now()
    press.tell(String(mqttPort))
    const came = (JSON.parse(await press.line()) as number[]).slice(warming)
    const { pubacked = 0 } = JSON.parse(load?.last() ?? '{}') as { pubacked?: number }
    const elapsedS = (performance.now() - started) / 1000
    await load?.end()
    const latencies = [...came, ...Array.from({ length: presses - came.length }, () => neverMs)].sort((a, b) => a - b)
    return {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      max: latencies.at(-1) ?? 0,
      backgroundPerSecond: pubacked / elapsedS,
    }
  })
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Flood, latencyUnderFlood } from './flood.ts'
import { type Latency, latencyUnderLoad } from './latency.ts'
import { pubackRates } from './puback.ts'
import { startTimes } from './start.ts'

/** `npm run bench`: what the README's figures come from. Everything in one run on one machine, alternating, as medians. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    presses: { type: 'string', default: '200' },
    entries: { type: 'string', default: '1000000' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(`npm run bench -- [--rounds 3] [--seconds 6] [--presses 200] [--entries 1000000] [--only puback|latency|flood|start]

puback   QoS 1 pubacks/s: bare aedes, gateway (journal only), gateway with InfluxDB beside it; 50 connections, 20 in flight each
latency  press → webhook at 0, 2,000, 5,000 and 10,000 background events/s, journal only and with InfluxDB
flood    press → webhook while one device, 200 or 1,000 send as fast as they can, valid, invalid, QoS 0 or alarms
start    time until ready with an empty journal and with --entries in it, and the gateway's RSS`)
  process.exit(0)
}
const rounds = Number(values.rounds)
const wanted = (name: string) => values.only === undefined || values.only === name

const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
console.log(`machine: ${machine}; load generator and InfluxDB run on the same cores\n`)
const results: Record<string, unknown> = { machine, at: new Date().toISOString(), rounds }

const number = (value: number) => Math.round(value).toLocaleString('en')
if (wanted('puback')) {
  const rates = await pubackRates(rounds, Number(values.seconds))
  results.puback = rates
  console.log(
    '| QoS 1, 50 connections × 20 in flight | median per second | of bare aedes | rounds |\n| --- | --- | --- | --- |',
  )
  for (const { name, median, ratio, all } of rates)
    console.log(`| ${name} | ${number(median)} | ${ratio.toFixed(2)} | ${all.map(number).join(' · ')} |`)
  console.log()
}
if (wanted('latency')) {
  const latencies: Latency[] = await latencyUnderLoad(Number(values.presses))
  results.latency = latencies
  console.log(
    '| background events/s | InfluxDB | pubacked events/s | press → webhook p50 | p99 | max |\n| --- | --- | --- | --- | --- | --- |',
  )
  for (const { rate, influx, pubacked, p50, p99, max } of latencies)
    console.log(
      `| ${number(rate)} | ${influx ? 'yes' : 'no'} | ${number(pubacked)} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${max.toFixed(1)} ms |`,
    )
  console.log()
}
if (wanted('flood')) {
  const flooded: Flood[] = await latencyUnderFlood(Number(values.presses))
  results.flood = flooded
  console.log('| flood | taken events/s | press → webhook p50 | p99 | max |\n| --- | --- | --- | --- | --- |')
  for (const { flood, pubacked, p50, p99, max } of flooded)
    console.log(
      `| ${flood} | ${number(pubacked)} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${max.toFixed(1)} ms |`,
    )
  console.log()
}
if (wanted('start')) {
  const starts = await startTimes(rounds, Number(values.entries))
  results.start = starts
  console.log('| journal | ready after (median) | RSS when ready |\n| --- | --- | --- |')
  for (const { entries, medianMs, rssMb } of starts)
    console.log(`| ${number(entries)} entries | ${number(medianMs)} ms | ${number(rssMb)} MB |`)
}
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const folder = new URL('./results/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL(`${values.only ?? 'all'}.json`, folder), `${JSON.stringify({ version, ...results }, null, 2)}\n`)
process.exit(0)

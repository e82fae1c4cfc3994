import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Figure, table } from './figure.ts'
import { type Part, parts, type Stand, type Study, studies } from './parts.ts'
import { findPeers } from './peers.ts'
import { show } from './readme.ts'
import { type Measured, provenance, thisRun } from './run.ts'
import { type FullJournal, fullJournal } from './start.ts'

/** `npm run bench`: what the README's figures come from. Everything in one run on one machine, alternating, as medians. */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    presses: { type: 'string', default: '200' },
    entries: { type: 'string', default: '1000000' },
    devices: { type: 'string', default: '10000' },
    peers: { type: 'string', default: 'all' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const described = (of: Record<string, { about: string }>) =>
  Object.entries(of).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
if (values.help) {
  console.log(`npm run bench -- [--only part,…] [--rounds 3] [--seconds 6] [--presses 200] [--entries 1000000] [--devices 10000] [--peers all|none] [--write]

About twelve minutes; with --entries 10000000, as the README's figures were made, about fifteen.
${described(parts).join('\n')}

Only by name, and not in the README:
${described(studies).join('\n')}

Peers: mosquitto where it is installed (Debian: apt-get install mosquitto); Node-RED is installed into test/bench/node-red when it is first needed.
Raw data goes to test/bench/results/. With --write also to test/bench/figures/, with a picture, and into the README's table: those parts that were measured.`)
  process.exit(0)
}
const wanted = values.only?.split(',') ?? Object.keys(parts)
const unknown = wanted.filter(name => parts[name] === undefined && studies[name] === undefined)
const settings = Object.fromEntries(
  (['rounds', 'seconds', 'presses', 'entries', 'devices'] as const).map(name => [name, Number(values[name])]),
) as Pick<Stand, 'rounds' | 'seconds' | 'presses' | 'entries' | 'devices'>
const wrong = Object.entries(settings).filter(([, value]) => !(Number.isSafeInteger(value) && value > 0))
if (unknown.length > 0 || wrong.length > 0 || !['all', 'none'].includes(values.peers)) {
  const mistakes = [
    ...unknown.map(name => `--only ${name}: there is no such part`),
    ...wrong.map(([name]) => `--${name} must be a whole number above 0`),
    ...(['all', 'none'].includes(values.peers) ? [] : [`--peers ${values.peers}: it is all or none`]),
  ]
  console.error(`${mistakes.join('\n')}\nnpm run bench -- --help lists the parts`)
  process.exit(2)
}

let journal: FullJournal | undefined
// By these a process would end without its exit listeners, which end its children and remove what they wrote.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
const peers = findPeers(values.peers === 'all')
const stand: Stand = {
  ...settings,
  peers,
  fullJournal: () => {
    journal ??= fullJournal(settings.entries)
    return journal
  },
}
const command = ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' ')
const run = thisRun(peers, command)
const measured: Record<string, Measured> = {}
const studied: Record<string, unknown> = {}
for (const name of wanted) {
  if (parts[name] !== undefined) {
    const figures: Figure[] = await (parts[name] as Part).measure(stand)
    measured[name] = { ...run, figures }
  } else {
    const { raw, table } = await (studies[name] as Study).measure(settings)
    studied[name] = raw
    console.log(`${table}\n`)
  }
}
console.log(provenance({ all: { ...run, figures: [] } }).join('\n'))
const figures = Object.values(measured).flatMap(({ figures }) => figures)
if (figures.length > 0) console.log(`\n${table(figures)}`)

const folder = new URL('./results/', import.meta.url)
mkdirSync(folder, { recursive: true })
const results = { ...run, parts: measured, studies: studied }
writeFileSync(new URL(`${values.only ?? 'all'}.json`, folder), `${JSON.stringify(results, null, 2)}\n`)
if (values.write) show(measured, Object.keys(parts))
process.exit(0)

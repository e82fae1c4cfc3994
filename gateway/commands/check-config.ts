import { parseArgs } from 'node:util'
import { iso } from '../clock.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { unknownOption } from '../nearest.ts'
import { readSetup, type Setup } from '../setup.ts'

/** `gatehouse check-config`. Exit codes: 0 a start would take it, 78 mistakes, each on a line, 2 wrong use. */
const help = `gatehouse check-config [--json]

Reads settings, registry, secrets and certificates as a start would, and names every mistake in one round. Then it says what they
come to, without secrets. It opens no port and touches no data.

  --json   one line of JSON: {"good":…,"mistakes":[…],"warnings":[…],"summary":{…}}
`
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const complain = (text: string): void => void process.stderr.write(`${text}\n`)
const EX_CONFIG = 78
const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

process.exitCode = main()

function main(): number {
  let values: { json?: boolean; help?: boolean }
  try {
    values = parseArgs({ options }).values
  } catch (error) {
    complain(`${unknownOption(error, options) ?? messageOf(error)}\n\n${help}`)
    return 2
  }
  if (values.help) {
    say(help)
    return 0
  }
  try {
    const setup = readSetup()
    const summary = summaryOf(setup)
    if (values.json) say(JSON.stringify({ good: true, mistakes: [], warnings: setup.warnings, summary }))
    else {
      for (const warning of setup.warnings) complain(`warning: ${warning}`)
      for (const [name, value] of Object.entries(summary)) say(`${name.padEnd(10)} ${inWords(value)}`)
      say('good')
    }
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (values.json) say(JSON.stringify({ good: false, mistakes: error.mistakes, warnings: [], summary: null }))
    else for (const mistake of error.mistakes) complain(mistake)
    return EX_CONFIG
  }
}

/** What a person compares with what was meant. Of URLs only scheme, host and port: the rest may hold a secret. */
function summaryOf({ config, registry, targets, certificates }: Setup) {
  const devices = [...registry.devices()]
  const expiresAt = certificates && Math.min(...certificates.lives.map(({ until }) => until))
  return {
    registry: config.registryFile,
    sites: countsOf([...registry.sites()].map(({ kind }) => kind)),
    devices: { ...countsOf(devices.map(({ kind }) => kind)), disabled: devices.filter(one => one.disabled).length },
    endpoints: targets.map(({ id, url, level }) => ({ id, level, at: URL.parse(url)?.origin ?? '?' })),
    ports: {
      mqtt: addressOf(config.mqtt),
      ...(certificates && { mqtts: addressOf(config.mqtts) }),
      [certificates ? 'https' : 'http']: addressOf(config.http),
    },
    tls:
      expiresAt === undefined ? 'none' : `until ${iso(expiresAt)}${config.tls?.ca ? ', client certificates too' : ''}`,
    influx: config.influx ? `${URL.parse(config.influx.url)?.origin} database ${config.influx.database}` : 'none',
    data: config.dataDir,
    retention: `${config.retentionDays} days`,
  }
}

function addressOf({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`
}

function countsOf(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = { all: kinds.length }
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none: nobody is told of alarms' : value.map(inWords).join('; ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, one]) => `${name} ${one}`)
    .join(', ')
}

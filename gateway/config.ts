import { readFileSync } from 'node:fs'
import { type Role, roles } from '../schemas/api.ts'
import { messageOf } from './errors.ts'

/** Settings of contract section 8. Read once, at start. */
export type Config = {
  dataDir: string
  registryFile: string
  mqtt: {
    host: string
    port: number
    maxPayloadBytes: number
    /** Of devices that have more to say than their turn. */
    maxEventsPerSecond: number
    /** Of all ports together; how many come from one address is not limited for loopback. */
    limits: { maxConnections: number; maxConnectionsPerAddress: number }
  }
  /** MQTT over TLS, opened where `tls` is set. */
  mqtts: { host: string; port: number }
  /** With a certificate HTTP is HTTPS too. */
  tls: TlsSettings | undefined
  http: { host: string; port: number }
  influx: InfluxSettings | undefined
  /** A level-0 endpoint `dispatch` without a registry entry. */
  dispatch: { url: string; secret: string } | undefined
  apiTokens: { name: string; role: Role; token: string }[]
  pseudonymKey: string | undefined
  /** The one that was in use before: entries of that time stay masked with it. */
  pseudonymKeyPrevious: string | undefined
  retentionDays: number
  logLevel: string
  /** What the variable that the registry names by `secretEnv` holds. */
  secret: (variable: string) => Secret
}

/** A secret as it could be read: `value` undefined when it is not set, `mistake` why it can't be known. */
export type Secret = { value: string | undefined } | { mistake: string }

/** Where a PEM comes from; `name`: the setting that says so. */
export type PemSource = { name: string } & ({ file: string } | { pem: string })
/** `ca`: the authority of client certificates. */
export type TlsSettings = { cert: PemSource; key: PemSource; ca: PemSource | undefined }

export type InfluxSettings = {
  url: string
  database: string
  username: string | undefined
  password: string | undefined
}

type Environment = Record<string, string | undefined>

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/**
 * Every mistake, not the first one. Where there are any, `config` holds defaults or nothing in the place of what is wrong:
 * enough to look for the mistakes that lie elsewhere, never to run with.
 */
export function readConfig(env: Environment = process.env): {
  config: Config
  mistakes: string[]
  warnings: string[]
} {
  const mistakes: string[] = []
  const mistake = (text: string) => {
    mistakes.push(text)
    return undefined
  }
  const isSet = (name: string): boolean => Boolean(env[name] || env[`${name}_FILE`])

  /** The value, or the content of the file that `…_FILE` names. An empty value counts as unset. */
  const secret = (name: string): Secret => {
    const value = env[name]
    const file = env[`${name}_FILE`]
    if (value && file) return { mistake: `${name}: is set beside ${name}_FILE; keep one of them` }
    if (!file) return { value: value || undefined }
    try {
      return { value: readFileSync(file, 'utf8').trim() }
    } catch (error) {
      return { mistake: `${name}_FILE: ${file} can't be read (${messageOf(error)})` }
    }
  }

  const text = (name: string): string | undefined => {
    const found = secret(name)
    return 'mistake' in found ? mistake(found.mistake) : found.value
  }

  const whole = (name: string, fallback: number, min: number, max: number, what: string): number => {
    const value = text(name)
    if (value === undefined) return fallback
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    mistake(`${name}: ${value} is not ${what} (${min}–${max})`)
    return fallback
  }

  const connections = (name: string, fallback: number): number =>
    whole(name, fallback, 1, 16_000, 'a number of connections')

  const url = (name: string): string | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const parsed = URL.parse(value)
    if (parsed !== null && ['http:', 'https:'].includes(parsed.protocol)) return value
    return mistake(`${name}: is not a URL that starts with http:// or https://`)
  }

  // Read with and without a URL: what is wrong with them must not show only when the URL is mended.
  const influx = {
    url: url('GATEHOUSE_INFLUX_URL'),
    database: text('GATEHOUSE_INFLUX_DATABASE') ?? 'gatehouse',
    username: text('GATEHOUSE_INFLUX_USERNAME'),
    password: text('GATEHOUSE_INFLUX_PASSWORD'),
  }
  const dispatch = { url: url('GATEHOUSE_DISPATCH_URL'), secret: text('GATEHOUSE_DISPATCH_SECRET') }
  if (isSet('GATEHOUSE_DISPATCH_URL') && !isSet('GATEHOUSE_DISPATCH_SECRET'))
    mistake('GATEHOUSE_DISPATCH_SECRET: is missing; dispatch needs it to verify what GATEHOUSE_DISPATCH_URL receives')
  const logLevel = text('GATEHOUSE_LOG_LEVEL') ?? 'info'
  if (!logLevels.includes(logLevel)) mistake(`GATEHOUSE_LOG_LEVEL: ${logLevel} is not one of ${logLevels.join(', ')}`)
  /** The path of a PEM file, with and without `_FILE`, or the PEM itself. */
  const pem = (name: string): PemSource | undefined => {
    const value = env[name]
    const file = env[`${name}_FILE`]
    if (value && file) return mistake(`${name}: is set beside ${name}_FILE; keep one of them`)
    if (file) return { name: `${name}_FILE`, file }
    if (!value) return undefined
    return value.includes('-----BEGIN ') ? { name, pem: value } : { name, file: value }
  }
  const [cert, key, ca] = [pem('GATEHOUSE_TLS_CERT'), pem('GATEHOUSE_TLS_KEY'), pem('GATEHOUSE_TLS_CA')]
  const needed = (name: string, other: string) => {
    if (isSet(other) && !isSet(name)) mistake(`${name}: is missing; ${other} is of no use without it`)
  }
  needed('GATEHOUSE_TLS_CERT', 'GATEHOUSE_TLS_KEY')
  needed('GATEHOUSE_TLS_KEY', 'GATEHOUSE_TLS_CERT')
  if (!isSet('GATEHOUSE_TLS_KEY')) needed('GATEHOUSE_TLS_CERT', 'GATEHOUSE_TLS_CA')
  const mqttHost = text('GATEHOUSE_MQTT_HOST') ?? '127.0.0.1'
  const httpHost = text('GATEHOUSE_HTTP_HOST') ?? '127.0.0.1'
  const mqtts = {
    host: text('GATEHOUSE_MQTTS_HOST') ?? mqttHost,
    port: whole('GATEHOUSE_MQTTS_PORT', 8883, 0, 65_535, 'a port'),
  }
  const tls = cert && key && { cert, key, ca }
  const warnings: string[] = []
  const isTls = isSet('GATEHOUSE_TLS_CERT')
  if (!isTls)
    for (const name of ['GATEHOUSE_MQTTS_HOST', 'GATEHOUSE_MQTTS_PORT'])
      if (isSet(name)) warnings.push(`${name}: no such port is opened without GATEHOUSE_TLS_CERT and GATEHOUSE_TLS_KEY`)
  if (!isLoopback(mqttHost))
    warnings.push(
      `GATEHOUSE_MQTT_HOST: plain MQTT on ${mqttHost} shows secrets and events to whoever listens on the network; ${
        isTls
          ? 'let devices use the TLS port, and set GATEHOUSE_MQTTS_HOST instead of GATEHOUSE_MQTT_HOST'
          : 'set GATEHOUSE_TLS_CERT and GATEHOUSE_TLS_KEY, and GATEHOUSE_MQTTS_HOST instead of GATEHOUSE_MQTT_HOST'
      }`,
    )
  if (!isLoopback(httpHost) && !isTls)
    warnings.push(
      `GATEHOUSE_HTTP_HOST: plain HTTP on ${httpHost} shows tokens to whoever listens on the network; set GATEHOUSE_TLS_CERT and GATEHOUSE_TLS_KEY, or end TLS in front of it`,
    )

  const config: Config = {
    dataDir: text('GATEHOUSE_DATA_DIR') ?? './data',
    registryFile: text('GATEHOUSE_REGISTRY') ?? './registry.yaml',
    mqtt: {
      host: mqttHost,
      port: whole('GATEHOUSE_MQTT_PORT', 1883, 0, 65_535, 'a port'),
      maxPayloadBytes: whole('GATEHOUSE_MQTT_MAX_PAYLOAD_BYTES', 65_536, 128, 1_048_576, 'a size in bytes'),
      // A hundred times what the zone says, and a third of what two cores take: the rest is room for alarms.
      maxEventsPerSecond: whole('GATEHOUSE_MQTT_MAX_EVENTS_PER_SECOND', 15_000, 5000, 1_000_000, 'a number of events'),
      limits: {
        // 10,000 devices; and the half-open connections that a part of them has left behind, and monitors.
        maxConnections: connections('GATEHOUSE_MQTT_MAX_CONNECTIONS', 12_000),
        // Three times a site of 300 devices behind one NAT, each of which may have left a half-open connection behind.
        maxConnectionsPerAddress: connections('GATEHOUSE_MQTT_MAX_CONNECTIONS_PER_ADDRESS', 1000),
      },
    },
    http: {
      host: httpHost,
      port: whole('GATEHOUSE_HTTP_PORT', 8080, 0, 65_535, 'a port'),
    },
    mqtts,
    tls,
    influx: influx.url === undefined ? undefined : { ...influx, url: influx.url },
    // With a URL that is wrong too: what else is wrong with dispatch is looked for.
    dispatch: isSet('GATEHOUSE_DISPATCH_URL') ? { url: dispatch.url ?? '', secret: dispatch.secret ?? '' } : undefined,
    apiTokens: readTokens(text('GATEHOUSE_API_TOKENS'), mistake),
    pseudonymKey: text('GATEHOUSE_PSEUDONYM_KEY'),
    pseudonymKeyPrevious: text('GATEHOUSE_PSEUDONYM_KEY_PREVIOUS'),
    retentionDays: whole('GATEHOUSE_RETENTION_DAYS', 30, 1, 3650, 'a number of days'),
    logLevel,
    secret,
  }
  return { config, mistakes, warnings }
}

/** For commands that need nothing else of the settings. */
export const registryFileFromEnvironment = (env: Environment = process.env): string =>
  readConfig(env).config.registryFile

/** What the terminal of a command asks for: no colour (no-color.org), nothing but lines. */
export const terminalFromEnvironment = (env: Environment = process.env): { noColor: boolean; dumb: boolean } => ({
  noColor: Boolean(env.NO_COLOR),
  dumb: env.TERM === 'dumb',
})

/** Reached from this machine only. */
const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|\[::1\]|localhost)$/i.test(host)

/** `name:role:token`, comma-separated. A mistake names the entry's place: where the order is wrong, its first part may be the token. */
function readTokens(value: string | undefined, mistake: (text: string) => void): Config['apiTokens'] {
  const tokens: Config['apiTokens'] = []
  for (const [index, part] of (value ?? '').split(',').entries()) {
    if (part.trim() === '') continue
    const [name = '', role = '', ...rest] = part.trim().split(':')
    const token = rest.join(':')
    const where = `GATEHOUSE_API_TOKENS: entry ${index + 1}`
    if (name === '' || token === '') mistake(`${where} is not of the form name:role:token`)
    else if (!roles.includes(role as Role))
      mistake(`${where}: its second part, the role, is not one of ${roles.join(', ')}`)
    else if (tokens.some(known => known.name === name)) mistake(`${where}: the name ${name} is there twice`)
    else tokens.push({ name, role: role as Role, token })
  }
  return tokens
}

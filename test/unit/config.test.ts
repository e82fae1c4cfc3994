import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../gateway/config.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const secret = 's3cret-never-to-be-shown'

const mistakesOf = (env: Record<string, string>): readonly string[] => readConfig(env).mistakes
const fileWith = (content: string): string => {
  const file = join(temporaryDirectory(), 'secret')
  writeFileSync(file, content)
  return file
}

test('without any setting it is what contract 8 says', () => {
  const { config, mistakes, warnings } = readConfig({})
  expect([mistakes, warnings]).toEqual([[], []])
  expect(config).toEqual({
    dataDir: './data',
    registryFile: './registry.yaml',
    mqtt: {
      host: '127.0.0.1',
      port: 1883,
      maxPayloadBytes: 65_536,
      maxEventsPerSecond: 15_000,
      limits: { maxConnections: 12_000, maxConnectionsPerAddress: 1000 },
    },
    http: { host: '127.0.0.1', port: 8080 },
    mqtts: { host: '127.0.0.1', port: 8883 },
    tls: undefined,
    influx: undefined,
    dispatch: undefined,
    apiTokens: [],
    pseudonymKey: undefined,
    retentionDays: 30,
    logLevel: 'info',
    secret: expect.any(Function),
  })
})

test('each setting is taken', () => {
  const { config, mistakes } = readConfig({
    GATEHOUSE_DATA_DIR: '/var/lib/gatehouse',
    GATEHOUSE_REGISTRY: '/etc/registry.yaml',
    GATEHOUSE_MQTT_HOST: '0.0.0.0',
    GATEHOUSE_MQTT_PORT: '0',
    GATEHOUSE_MQTT_MAX_PAYLOAD_BYTES: '1048576',
    GATEHOUSE_MQTT_MAX_EVENTS_PER_SECOND: '5000',
    GATEHOUSE_MQTT_MAX_CONNECTIONS: '16000',
    GATEHOUSE_MQTT_MAX_CONNECTIONS_PER_ADDRESS: '20',
    GATEHOUSE_HTTP_HOST: '::1',
    GATEHOUSE_HTTP_PORT: '65535',
    GATEHOUSE_INFLUX_URL: 'http://influxdb:8086',
    GATEHOUSE_INFLUX_DATABASE: 'db',
    GATEHOUSE_INFLUX_USERNAME: 'user',
    GATEHOUSE_INFLUX_PASSWORD: 'word',
    GATEHOUSE_DISPATCH_URL: 'https://centre.example/alarms',
    GATEHOUSE_DISPATCH_SECRET: 'whsec_x',
    GATEHOUSE_API_TOKENS: 'ann:viewer:t1, bob:admin:t:2,',
    GATEHOUSE_PSEUDONYM_KEY: 'key',
    GATEHOUSE_RETENTION_DAYS: '1',
    GATEHOUSE_LOG_LEVEL: 'debug',
    CENTRE_SECRET: 'whsec_y',
  })
  expect(mistakes).toEqual([])
  expect(config).toMatchObject({
    dataDir: '/var/lib/gatehouse',
    registryFile: '/etc/registry.yaml',
    mqtt: {
      host: '0.0.0.0',
      port: 0,
      maxPayloadBytes: 1_048_576,
      maxEventsPerSecond: 5000,
      limits: { maxConnections: 16_000, maxConnectionsPerAddress: 20 },
    },
    http: { host: '::1', port: 65_535 },
    influx: { url: 'http://influxdb:8086', database: 'db', username: 'user', password: 'word' },
    dispatch: { url: 'https://centre.example/alarms', secret: 'whsec_x' },
    apiTokens: [
      { name: 'ann', role: 'viewer', token: 't1' },
      { name: 'bob', role: 'admin', token: 't:2' },
    ],
    pseudonymKey: 'key',
    retentionDays: 1,
    logLevel: 'debug',
  })
  expect(config.secret('CENTRE_SECRET')).toEqual({ value: 'whsec_y' })
  expect(config.secret('OTHER_SECRET')).toEqual({ value: undefined })
})

test('an empty value counts as unset', () => {
  expect(
    readConfig({
      GATEHOUSE_MQTT_PORT: '',
      GATEHOUSE_INFLUX_URL: '',
      GATEHOUSE_DISPATCH_URL: '',
      GATEHOUSE_DISPATCH_SECRET: '',
      GATEHOUSE_PSEUDONYM_KEY_FILE: '',
      GATEHOUSE_MQTTS_PORT: '',
    }),
  ).toMatchObject({
    config: { mqtt: { port: 1883 }, influx: undefined, dispatch: undefined, pseudonymKey: undefined },
    mistakes: [],
    warnings: [],
  })
})

describe('_FILE variables', () => {
  test('the file is read, without the line end that an editor leaves', () => {
    const { config } = readConfig({
      GATEHOUSE_PSEUDONYM_KEY_FILE: fileWith('key from a file\n'),
      CENTRE_SECRET_FILE: fileWith('whsec_z\n'),
    })
    expect(config.pseudonymKey).toBe('key from a file')
    expect(config.secret('CENTRE_SECRET')).toEqual({ value: 'whsec_z' })
  })

  test('the file of a secret that the registry names is a mistake where it can not be read', () => {
    const { config } = readConfig({ CENTRE_SECRET_FILE: '/nonexistent/s', BOTH: secret, BOTH_FILE: '/nonexistent/b' })
    expect(config.secret('CENTRE_SECRET')).toEqual({
      mistake: expect.stringMatching(/^CENTRE_SECRET_FILE: \/nonexistent\/s can't be read \(ENOENT/),
    })
    expect(config.secret('BOTH')).toEqual({ mistake: 'BOTH: is set beside BOTH_FILE; keep one of them' })
  })

  test('a variable beside its _FILE is a mistake, and so is a file that is not there', () => {
    expect(
      mistakesOf({
        GATEHOUSE_INFLUX_URL: 'http://influxdb:8086',
        GATEHOUSE_INFLUX_PASSWORD: secret,
        GATEHOUSE_INFLUX_PASSWORD_FILE: fileWith(secret),
        GATEHOUSE_PSEUDONYM_KEY_FILE: '/nonexistent/key',
      }),
    ).toEqual([
      'GATEHOUSE_INFLUX_PASSWORD: is set beside GATEHOUSE_INFLUX_PASSWORD_FILE; keep one of them',
      expect.stringMatching(/^GATEHOUSE_PSEUDONYM_KEY_FILE: \/nonexistent\/key can't be read \(ENOENT/),
    ])
  })
})

test.each<[string, string, string]>([
  ['GATEHOUSE_MQTT_PORT', '65536', 'GATEHOUSE_MQTT_PORT: 65536 is not a port (0–65535)'],
  ['GATEHOUSE_MQTT_PORT', '-1', 'GATEHOUSE_MQTT_PORT: -1 is not a port (0–65535)'],
  ['GATEHOUSE_MQTT_PORT', '1883.5', 'GATEHOUSE_MQTT_PORT: 1883.5 is not a port (0–65535)'],
  ['GATEHOUSE_MQTT_PORT', '0x75b', 'GATEHOUSE_MQTT_PORT: 0x75b is not a port (0–65535)'],
  ['GATEHOUSE_HTTP_PORT', 'http', 'GATEHOUSE_HTTP_PORT: http is not a port (0–65535)'],
  ['GATEHOUSE_RETENTION_DAYS', '0', 'GATEHOUSE_RETENTION_DAYS: 0 is not a number of days (1–3650)'],
  ['GATEHOUSE_RETENTION_DAYS', '3651', 'GATEHOUSE_RETENTION_DAYS: 3651 is not a number of days (1–3650)'],
  [
    'GATEHOUSE_MQTT_MAX_PAYLOAD_BYTES',
    '64k',
    'GATEHOUSE_MQTT_MAX_PAYLOAD_BYTES: 64k is not a size in bytes (128–1048576)',
  ],
  [
    'GATEHOUSE_LOG_LEVEL',
    'verbose',
    'GATEHOUSE_LOG_LEVEL: verbose is not one of trace, debug, info, warn, error, fatal, silent',
  ],
  ['GATEHOUSE_INFLUX_URL', 'influxdb:8086', 'GATEHOUSE_INFLUX_URL: is not a URL that starts with http:// or https://'],
  [
    'GATEHOUSE_DISPATCH_URL',
    'http://centre/',
    'GATEHOUSE_DISPATCH_SECRET: is missing; dispatch needs it to verify what GATEHOUSE_DISPATCH_URL receives',
  ],
  ['GATEHOUSE_TLS_CERT', '/etc/cert.pem', 'GATEHOUSE_TLS_KEY: is missing; GATEHOUSE_TLS_CERT is of no use without it'],
  [
    'GATEHOUSE_TLS_KEY_FILE',
    '/etc/key.pem',
    'GATEHOUSE_TLS_CERT: is missing; GATEHOUSE_TLS_KEY is of no use without it',
  ],
  ['GATEHOUSE_TLS_CA', '/etc/ca.pem', 'GATEHOUSE_TLS_CERT: is missing; GATEHOUSE_TLS_CA is of no use without it'],
  ['GATEHOUSE_MQTTS_PORT', 'x', 'GATEHOUSE_MQTTS_PORT: x is not a port (0–65535)'],
  ['GATEHOUSE_API_TOKENS', 'ann:viewer:t1,bob', 'GATEHOUSE_API_TOKENS: entry 2 is not of the form name:role:token'],
  ['GATEHOUSE_API_TOKENS', 'ann:viewer:', 'GATEHOUSE_API_TOKENS: entry 1 is not of the form name:role:token'],
  [
    'GATEHOUSE_API_TOKENS',
    'ann:boss:t1',
    'GATEHOUSE_API_TOKENS: entry 1: its second part, the role, is not one of viewer, dispatcher, admin',
  ],
  ['GATEHOUSE_API_TOKENS', 'ann:viewer:t1,ann:admin:t2', 'GATEHOUSE_API_TOKENS: entry 2: the name ann is there twice'],
])('%s=%s is a mistake', (name, value, mistake) => {
  expect(mistakesOf({ [name]: value })).toEqual([mistake])
})

test('a port for TLS does no harm: a warning', () => {
  expect(readConfig({ GATEHOUSE_MQTTS_PORT: '8883' })).toMatchObject({
    mistakes: [],
    warnings: ['GATEHOUSE_MQTTS_PORT: no such port is opened without GATEHOUSE_TLS_CERT and GATEHOUSE_TLS_KEY'],
  })
})

describe('TLS', () => {
  const cert = '-----BEGIN CERTIFICATE-----\n'

  test('a PEM is named by its path, by the path in _FILE, or given itself', () => {
    const { config, mistakes } = readConfig({
      GATEHOUSE_TLS_CERT: cert,
      GATEHOUSE_TLS_KEY: '/etc/key.pem',
      GATEHOUSE_TLS_CA_FILE: '/etc/ca.pem',
    })
    expect(mistakes).toEqual([])
    expect(config.tls).toEqual({
      cert: { name: 'GATEHOUSE_TLS_CERT', pem: cert },
      key: { name: 'GATEHOUSE_TLS_KEY', file: '/etc/key.pem' },
      ca: { name: 'GATEHOUSE_TLS_CA_FILE', file: '/etc/ca.pem' },
    })
  })

  test('its port listens where plain MQTT does, unless told otherwise', () => {
    expect(readConfig({ GATEHOUSE_MQTT_HOST: '10.0.0.1' }).config.mqtts.host).toBe('10.0.0.1')
    expect(readConfig({ GATEHOUSE_MQTTS_HOST: '10.0.0.1', GATEHOUSE_MQTTS_PORT: '0' }).config).toMatchObject({
      mqtt: { host: '127.0.0.1' },
      mqtts: { host: '10.0.0.1', port: 0 },
    })
  })

  const withTls = { GATEHOUSE_TLS_CERT: cert, GATEHOUSE_TLS_KEY: '/etc/key.pem' }
  test.each<[string, Record<string, string>, RegExp[]]>([
    [
      'plain MQTT',
      { GATEHOUSE_MQTT_HOST: '0.0.0.0' },
      [/^GATEHOUSE_MQTT_HOST: plain MQTT on 0\.0\.0\.0 .* set GATEHOUSE_TLS_CERT/],
    ],
    ['plain HTTP', { GATEHOUSE_HTTP_HOST: '::' }, [/^GATEHOUSE_HTTP_HOST: plain HTTP on :: .* set GATEHOUSE_TLS_CERT/]],
    [
      'plain MQTT beside TLS',
      { ...withTls, GATEHOUSE_MQTT_HOST: '0.0.0.0' },
      [/^GATEHOUSE_MQTT_HOST: .* let devices use the TLS port/],
    ],
    ['HTTPS', { ...withTls, GATEHOUSE_HTTP_HOST: '0.0.0.0' }, []],
    ['TLS alone', { ...withTls, GATEHOUSE_MQTTS_HOST: '0.0.0.0' }, []],
    ['loopback', { GATEHOUSE_MQTT_HOST: 'localhost', GATEHOUSE_HTTP_HOST: '127.8.0.1' }, []],
  ])('%s on a network: what is readable there is warned of', (_, env, warnings) => {
    expect(readConfig(env).warnings).toEqual(warnings.map(warning => expect.stringMatching(warning)))
  })
})

test('a wrong URL hides nothing that is wrong with what belongs to it', () => {
  expect(
    mistakesOf({
      GATEHOUSE_INFLUX_URL: 'influxdb',
      GATEHOUSE_INFLUX_PASSWORD_FILE: '/nonexistent/password',
      GATEHOUSE_DISPATCH_URL: 'centre',
    }),
  ).toEqual([
    'GATEHOUSE_INFLUX_URL: is not a URL that starts with http:// or https://',
    expect.stringMatching(/^GATEHOUSE_INFLUX_PASSWORD_FILE: \/nonexistent\/password can't be read/),
    'GATEHOUSE_DISPATCH_URL: is not a URL that starts with http:// or https://',
    'GATEHOUSE_DISPATCH_SECRET: is missing; dispatch needs it to verify what GATEHOUSE_DISPATCH_URL receives',
  ])
})

test("dispatch's secret is told once, as unreadable, and not as missing too", () => {
  expect(
    mistakesOf({ GATEHOUSE_DISPATCH_URL: 'http://centre/', GATEHOUSE_DISPATCH_SECRET_FILE: '/nonexistent/s' }),
  ).toEqual([expect.stringMatching(/^GATEHOUSE_DISPATCH_SECRET_FILE: \/nonexistent\/s can't be read/)])
})

test('all mistakes come at once', () => {
  expect(
    mistakesOf({
      GATEHOUSE_MQTT_PORT: 'x',
      GATEHOUSE_HTTP_PORT: 'y',
      GATEHOUSE_RETENTION_DAYS: '0',
      GATEHOUSE_INFLUX_URL: 'z',
      GATEHOUSE_API_TOKENS: 'a,b:c:d',
    }),
  ).toHaveLength(6)
})

test('no message holds a secret, however it is misplaced', () => {
  const mistakes = mistakesOf({
    GATEHOUSE_INFLUX_URL: `influx://user:${secret}@host`,
    GATEHOUSE_DISPATCH_URL: `${secret}`,
    GATEHOUSE_DISPATCH_SECRET: secret,
    GATEHOUSE_DISPATCH_SECRET_FILE: fileWith(secret),
    GATEHOUSE_PSEUDONYM_KEY: secret,
    GATEHOUSE_PSEUDONYM_KEY_FILE: fileWith(secret),
    GATEHOUSE_API_TOKENS: `${secret},ann:${secret}:viewer,${secret}:ann:viewer,bob:viewer:${secret},bob:admin:${secret}`,
  })
  expect(mistakes.length).toBeGreaterThanOrEqual(7)
  expect(mistakes.filter(mistake => mistake.includes(secret))).toEqual([])
})

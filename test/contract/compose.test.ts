import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../gateway/config.ts'
import { readCompose, type Service } from '../helpers/compose-file.ts'
import { copiesOf, environmentOf, execOf, readDockerfile, readLastStage } from '../helpers/dockerfile.ts'

/** No Docker engine runs here: what can be known without one is checked. test/contract/image.test.ts runs the image's files. */
const root = join(import.meta.dirname, '../..')
const { file, variables } = readCompose(join(root, 'docker-compose.yml'))
const services = Object.entries(file.services)
const own = services.filter(([, { build }]) => build !== undefined)
const image = readLastStage(join(root, 'gateway/Dockerfile'))
const volumesOf = ({ volumes = [] }: Service) =>
  volumes.map(volume => {
    const [source = '', target = '', mode] = volume.split(':')
    return { source, target, mode }
  })

describe('the file by itself', () => {
  test('every service that is waited for is there, and can come to what is waited for', () => {
    for (const [name, { depends_on = {}, profiles }] of services)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const service = file.services[other]
        expect(service, `${name} waits for ${other}`).toBeDefined()
        // A service without a profile can't wait for one with: it would not be started.
        for (const profile of service!.profiles ?? []) expect(profiles, `${name} → ${other}`).toContain(profile)
        if (condition === 'service_completed_successfully') expect(service!.restart).toBe('no')
        if (condition === 'service_healthy') {
          const inFile = service!.healthcheck !== undefined && !('disable' in service!.healthcheck)
          const inImage = service!.healthcheck === undefined && service!.build !== undefined
          expect(inFile || (inImage && image.some(({ name }) => name === 'HEALTHCHECK')), other).toBe(true)
        }
      }
  })

  test('every host path is there, every named volume is declared and used', () => {
    const used = new Set<string>()
    for (const [name, service] of services)
      for (const { source, target, mode } of volumesOf(service)) {
        expect(target, name).toMatch(/^\//)
        expect([undefined, 'ro']).toContain(mode)
        if (/^[./~]/.test(source)) expect(existsSync(join(root, source)), `${name}: ${source}`).toBe(true)
        else used.add(source)
      }
    expect([...used].sort()).toEqual(Object.keys(file.volumes).sort())
  })

  test('only this machine reaches a port until somebody says otherwise', () => {
    for (const [name, { ports = [] }] of services)
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    expect([variables.get('MQTT_ADDRESS'), variables.get('MQTTS_ADDRESS')]).toEqual(['127.0.0.1', '127.0.0.1'])
    const hostPorts = services.flatMap(([, { ports = [] }]) => ports.map(port => port.split(':')[1]))
    expect(new Set(hostPorts).size).toBe(hostPorts.length)
  })

  test('foreign images are pinned to a version', () => {
    for (const [name, service] of services)
      if (service.build === undefined) expect(service.image, name).toMatch(/^[a-z/]+:v?\d+\.\d+/)
  })
})

describe('settings', () => {
  const read = new Set<string>()
  // With a URL: only then are the other settings of InfluxDB read.
  const recording = new Proxy({ GATEHOUSE_INFLUX_URL: 'http://influxdb:8086' } as Record<string, string>, {
    get(values, name) {
      read.add(String(name))
      return values[String(name)]
    },
  })
  readConfig(recording)

  test('every GATEHOUSE_ variable is one that the gateway reads', () => {
    expect(read.size).toBeGreaterThan(10)
    const named = [...services.flatMap(([, { environment = {} }]) => Object.keys(environment)), ...variables.keys()]
    for (const name of [...named, ...Object.keys(environmentOf(image))])
      if (name.startsWith('GATEHOUSE_')) expect([...read], name).toContain(name)
  })

  test('the gateway takes their values', () => {
    const { config } = readConfig({ ...environmentOf(image), ...file.services.gateway!.environment })
    const { gateway, influxdb, receiver, simulator, grafana } = file.services as Record<string, Service>
    const containerPorts = (service: Service) => (service.ports ?? []).map(port => Number(port.split(':').at(-1)))
    expect(containerPorts(gateway!)).toEqual([config.mqtt.port, config.mqtts.port, config.http.port])
    expect([config.mqtt.host, config.mqtts.host, config.http.host]).toEqual(['0.0.0.0', '0.0.0.0', '0.0.0.0'])
    expect(image.find(({ name }) => name === 'EXPOSE')?.argument).toBe(
      `${config.mqtt.port} ${config.mqtts.port} ${config.http.port}`,
    )

    const services = Object.keys(file.services)
    const influx = new URL(config.influx!.url)
    expect(services).toContain(influx.hostname)
    expect(containerPorts(influxdb!)).toEqual([Number(influx.port)])
    const dispatch = new URL(config.dispatch!.url)
    expect(dispatch.hostname).toBe('receiver')
    expect(receiver!.command).toEqual(expect.arrayContaining(['--port', dispatch.port]))
    expect(receiver!.environment!.GATEHOUSE_DISPATCH_SECRET).toBe(config.dispatch!.secret)
    expect(simulator!.command).toContain(`mqtt://gateway:${config.mqtt.port}`)
    expect(containerPorts(grafana!)).toEqual([3000])
  })

  test('data and registry lie on volumes, and the registry is written by one service only', () => {
    const { dataDir, registryFile } = readConfig({
      ...environmentOf(image),
      ...file.services.gateway!.environment,
    }).config
    expect(volumesOf(file.services.gateway!)).toEqual([
      { source: 'data', target: dataDir, mode: undefined },
      { source: 'registry', target: join(registryFile, '..'), mode: 'ro' },
      { source: 'certificates', target: '/certificates', mode: 'ro' },
    ])
    const writers = services.filter(([, service]) =>
      volumesOf(service).some(({ source, mode }) => source === 'registry' && mode !== 'ro'),
    )
    expect(writers.map(([name]) => name)).toEqual(['registry'])
  })

  test("Grafana's environment holds what its data source asks for", () => {
    const source = readFileSync(join(root, 'gateway/grafana/provisioning/datasources/gatehouse.yaml'), 'utf8')
    const asked = [...source.matchAll(/\$\{?([A-Z_]+)/g)].map(match => match[1]!)
    expect(asked.length).toBeGreaterThan(0)
    for (const name of asked) expect(Object.keys(file.services.grafana!.environment!)).toContain(name)
  })
})

describe('the image', () => {
  const copies = readDockerfile(join(root, 'gateway/Dockerfile'))
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))

  test('every service of ours is built from a file that is there', () => {
    expect(own.map(([name]) => name).sort()).toEqual(['gateway', 'receiver', 'registry', 'simulator'])
    for (const [, { build }] of own) expect(existsSync(join(root, build!.context, build!.dockerfile))).toBe(true)
  })

  test('every path that it copies is there and reaches the builder, and nothing else does', () => {
    expect(ignored[0]).toBe('*')
    const reaching = ignored.filter(line => line.startsWith('!')).map(line => line.slice(1))
    // What is left out again is what somebody built here (the image builds its own), and pictures of the documents.
    const built = readFileSync(join(root, '.gitignore'), 'utf8')
      .split('\n')
      .map(path => path.replace(/^\/|\/$/g, ''))
    const sourcesOfImage = globSync('{gateway,schemas,device-sim}/**/*.{ts,tsx,css,html}', { cwd: root }).map(path =>
      readFileSync(join(root, path), 'utf8'),
    )
    expect(sourcesOfImage.length).toBeGreaterThan(100)
    for (const line of ignored.slice(1).filter(line => !line.startsWith('!') && !built.includes(line))) {
      const files = readdirSync(join(root, line))
      expect(files.length, line).toBeGreaterThan(0)
      for (const file of files) {
        expect(file, line).toMatch(/\.webp$/)
        for (const source of sourcesOfImage) expect(source.includes(file), file).toBe(false)
      }
    }
    const sources = copiesOf(copies).map(([source]) => source)
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true)
    expect([...new Set(sources)].sort()).toEqual(reaching.sort())
  })

  test('it does not run as root, and its signal reaches node', () => {
    expect(image.find(({ name }) => name === 'USER')?.argument).toBe('node')
    expect(execOf(image, 'CMD')[0]).toBe('node')
    expect(execOf(image, 'HEALTHCHECK')[0]).toBe('node')
    expect(image.some(({ name }) => name === 'ENTRYPOINT')).toBe(false)
  })
})

describe('commands', () => {
  const commands = own.flatMap(([name, { command }]) => (command === undefined ? [] : [{ name, words: command }]))

  test.each(commands)(
    '$name runs a file that the image has, with flags that it knows',
    ({ words }) => {
      const line = words[0] === 'sh' ? words.at(-1)!.split(/\s+/) : words
      const [, script, command, ...rest] = line.slice(line.indexOf('node'))
      expect(existsSync(join(root, script!))).toBe(true)
      expect(copiesOf(image).some(([source]) => script!.startsWith(`${source}/`))).toBe(true)
      const help = execFileSync(process.execPath, [join(root, script!), command!, '--help'], { encoding: 'utf8' })
      const known = new Set(help.match(/--[a-z-]+/g))
      const flags = rest.filter(word => word.startsWith('--'))
      expect(flags.length).toBeGreaterThan(0)
      for (const flag of flags) expect([...known], `${command} ${flag}`).toContain(flag)
    },
    20_000,
  )

  test('paths that the simulator reads are those that the registry service writes', () => {
    const { simulator, registry } = file.services as Record<string, Service>
    const folder = volumesOf(registry!)[0]!.target
    expect(simulator!.command).toEqual(expect.arrayContaining([`${folder}/registry.yaml`, `${folder}/secrets.json`]))
    expect(volumesOf(simulator!)[0]!.target).toBe(folder)
    expect(registry!.command!.at(-1)).toContain(`--out ${folder} `)
  })
})

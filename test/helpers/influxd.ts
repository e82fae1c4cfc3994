import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { InfluxDB } from 'influx'

/** A real InfluxDB 1.x for one test file: a child process of ours, or the one of GATEHOUSE_TEST_INFLUX_URL. */
export type Influxd = {
  /** `http://host:port` */
  url: string
  /** A name nobody else uses. The database does not exist yet. */
  newDatabase(): string
  /** Bare access, past the gateway. */
  client(database: string): InfluxDB
  /** Points in all measurements of the database; 0 if it does not exist. */
  countPoints(database: string): Promise<number>
  /** Whether `stop` and `start` work: not on a server that is not ours. */
  ownProcess: boolean
  stop(): Promise<void>
  /** Again on the same port and data. */
  start(): Promise<void>
  /** Ends it and removes its files, or the databases that were named. */
  remove(): Promise<void>
}

const startTimeoutMs = 20_000

export async function startInfluxd(): Promise<Influxd> {
  const given = process.env.GATEHOUSE_TEST_INFLUX_URL
  return given === undefined ? await startOwn() : access(given.replace(/\/+$/, ''), undefined)
}

async function startOwn(): Promise<Influxd> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-influxd-'))
  const first = await launch(directory, 0)
  let child: ChildProcess | undefined = first.child
  const stop = async () => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill('SIGTERM')
    const timer = setTimeout(() => ending.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
  return access(`http://127.0.0.1:${first.port}`, {
    stop,
    start: async () => {
      await stop()
      child = (await launch(directory, first.port)).child
    },
    remove: async () => {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  })
}

/** What fails, or is interrupted, must not leave a server behind. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts influxd and waits for the line that names its port. */
async function launch(directory: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const config = join(directory, 'influxd.conf')
  await writeFile(config, configuration(directory, port))
  const child = spawn('influxd', ['-config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: directory },
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const lines: string[] = []
  const listening = new Promise<number>((resolve, reject) => {
    child.once('error', error => reject(new Error(`influxd can't be started (${error.message}). ${remedy}`)))
    child.once('exit', code => reject(new Error(`influxd ended with ${code}: ${lines.slice(-5).join('\n')}`)))
    createInterface({ input: child.stderr }).on('line', line => {
      lines.push(line)
      if (lines.length > 20) lines.shift()
      const address = line.includes('Listening on HTTP') && /addr=\S*:(\d+)/.exec(line)
      if (address) resolve(Number(address[1]))
    })
    setTimeout(() => reject(new Error(`influxd does not listen: ${lines.join('\n')}`)), startTimeoutMs).unref()
  })
  try {
    return { child, port: await listening }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

const remedy =
  "These tests need a real InfluxDB 1.x: install Debian's package influxdb (apt-get install influxdb), or name a server in GATEHOUSE_TEST_INFLUX_URL."

const configuration = (directory: string, port: number) => `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${directory}/meta"
[data]
  dir = "${directory}/data"
  wal-dir = "${directory}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  suppress-write-log = true
[continuous_queries]
  enabled = false
`

type Own = Pick<Influxd, 'stop' | 'start' | 'remove'>

function access(url: string, own: Own | undefined): Influxd {
  const { protocol, hostname, port, username, password } = new URL(url)
  const databases: string[] = []
  const client = (database: string) =>
    new InfluxDB({
      protocol: protocol === 'https:' ? 'https' : 'http',
      host: hostname,
      port: Number(port) || 8086,
      database,
      ...(username === '' ? {} : { username, password }),
    })
  const notOurs = async () => {
    throw new Error('the InfluxDB of GATEHOUSE_TEST_INFLUX_URL is not ours to stop')
  }
  return {
    url,
    ownProcess: own !== undefined,
    newDatabase() {
      const name = `gatehouse_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
      databases.push(name)
      return name
    },
    client,
    async countPoints(database) {
      const names = await client(database).getDatabaseNames()
      if (!names.includes(database)) return 0
      const rows = await client(database).query<{ count: number }>('select count("count") from /.*/')
      return rows.reduce((sum, { count }) => sum + count, 0)
    },
    stop: own?.stop ?? notOurs,
    start: own?.start ?? notOurs,
    remove:
      own?.remove ??
      (async () => {
        for (const database of databases) await client(database).dropDatabase(database)
      }),
  }
}

import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { InfluxDB, type IPoint } from 'influx'
import { classify, type Failure } from './failures.ts'

export type InfluxSettings = {
  /** `http(s)://host:port/path`. User name and password in it count where the two below are absent. */
  url: string
  database: string
  username?: string
  password?: string
  /** How long one request may take, all in all. */
  timeoutMs: number
}

/** One HTTP connection to InfluxDB, kept alive, one request at a time. */
export type Connection = {
  /** undefined: all points are in InfluxDB. Throws where a point can't be rendered, which is a programmer's error. */
  write(points: IPoint[]): Promise<Failure | undefined>
  createDatabase(): Promise<Failure | undefined>
  close(): void
}

/**
 * The `influx` package behind a guard. Its pool resolves a request on the answer's `end` and, once the headers came,
 * listens to nothing else: an answer that is cut or hangs would never settle. Its own retries and its bench for failed
 * hosts are off, because the cursor is the retry (design 6). The errors it throws hold the password in their `req`, so
 * none leaves this file.
 */
export function createConnection(settings: InfluxSettings): Connection {
  const url = new URL(settings.url)
  const { agent, onLost } = watchedAgent(url.protocol === 'https:')
  const username = settings.username ?? decodeURIComponent(url.username)
  const password = settings.password ?? decodeURIComponent(url.password)
  const influx = new InfluxDB({
    protocol: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname,
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    path: url.pathname.replace(/\/+$/, ''),
    options: { agent },
    database: settings.database,
    // undefined would become the package's default, root:root.
    username: username === '' ? (null as unknown as string) : username,
    password,
    pool: { maxRetries: 0, backoff: neverBenched, requestTimeout: settings.timeoutMs },
  })
  const request = async (sent: Promise<unknown>): Promise<Failure | undefined> => {
    const lost = Promise.withResolvers<never>()
    const giveUp = (code: string) => {
      lost.reject(Object.assign(new Error(code), { code }))
      agent.destroy()
    }
    const overdue = setTimeout(giveUp, settings.timeoutMs, 'ETIMEDOUT')
    onLost(() => giveUp('ECONNRESET'))
    try {
      await Promise.race([sent, lost.promise])
      return undefined
    } catch (error) {
      return classify(error, url.host)
    } finally {
      clearTimeout(overdue)
      onLost(undefined)
    }
  }
  return {
    write: points => request(influx.writePoints(points, { precision: 'n' })),
    createDatabase: () => request(influx.createDatabase(settings.database)),
    close: () => agent.destroy(),
  }
}

/** With any other delay the pool takes the only host out, and says "No host available" without asking it. */
const neverBenched = { getDelay: () => 0, next: () => neverBenched, reset: () => neverBenched }

/** How long an answer that arrived whole may take to be seen after its connection closed. */
const afterCloseMs = 20

/** An agent that tells when the socket it uses now is closed. */
function watchedAgent(secure: boolean) {
  const agent = secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true })
  let lost: (() => void) | undefined
  let current: Duplex | null | undefined
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback)
    current = socket
    socket?.once('close', () => {
      // A request made in the meantime has a socket of its own.
      const waiting = lost
      setTimeout(() => {
        if (socket === current && waiting !== undefined && waiting === lost) waiting()
      }, afterCloseMs)
    })
    return socket
  }
  const onLost = (told: (() => void) | undefined) => {
    lost = told
  }
  return { agent, onLost }
}

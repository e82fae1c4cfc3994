import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** What a line does to what it carries. All but `clear` are faults. */
export type Weather =
  | { kind: 'clear' }
  /** Each piece is held for so long, and those behind it wait. */
  | { kind: 'latency'; ms: number }
  /** Each connection, in each direction. */
  | { kind: 'bandwidth'; bytesPerS: number }
  /** Nothing passes now, all of it later: a network that is gone for less than TCP's patience. */
  | { kind: 'stall' }
  /** Nothing passes, nobody is told, as with a cable; when it is over all that stood is broken. */
  | { kind: 'cut' }
  /** The same for answers only: the server still hears. */
  | { kind: 'half-open' }
  /** Now and then a connection is broken in the middle of what it carries: after one of `every` pieces. */
  | { kind: 'drops'; every: number }
  /** All that stands is reset, and so is whatever comes. */
  | { kind: 'reset' }
  /**
   * The clients' current is gone, as of a switch: their connections break at once and they get no new one, while the server
   * is told nothing, neither then nor later: no FIN, no RST.
   */
  | { kind: 'dark' }

/** A TCP relay on loopback at one fixed port, whose target may move. */
export type Line = {
  port: number
  /** `mqtt://host:port`, `http://host:port` */
  aim: (url: string) => void
  set: (weather: Weather) => void
  /** Breaks what stands in the open, once; the line goes on. */
  drop: () => void
  close: () => Promise<void>
}

export const mqttUrlOf = ({ port }: Line): string => `mqtt://127.0.0.1:${port}`

/** Without a target nobody gets through until it is aimed. */
export async function startLine(url?: string): Promise<Line> {
  let weather: Weather = { kind: 'clear' }
  let changed = Promise.withResolvers<void>()
  let target = url === undefined ? undefined : targetOf(url)
  let pieces = 0
  const near = new Set<Socket>()
  const far = new Set<Socket>()
  const keep = (socket: Socket, among: Set<Socket>) => {
    among.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => among.delete(socket))
  }
  const drop = () => {
    for (const socket of [...near, ...far]) socket.resetAndDestroy()
  }
  const swallows = (isAnswer: boolean) =>
    weather.kind === 'cut' || weather.kind === 'dark' || (weather.kind === 'half-open' && isAnswer)

  /** Holds a piece for as long as the weather wants; false: it is lost. */
  const carried = async (bytes: number, isAnswer: boolean): Promise<boolean> => {
    while (weather.kind === 'stall') await changed.promise
    if (swallows(isAnswer)) return false
    if (weather.kind === 'latency') await after(weather.ms)
    if (weather.kind === 'bandwidth') await after((bytes / weather.bytesPerS) * 1000)
    if (weather.kind === 'drops' && ++pieces % weather.every === 0) throw new Error('dropped')
    return !swallows(isAnswer)
  }
  const carry = async (from: Socket, to: Socket, isAnswer: boolean) => {
    try {
      for await (const piece of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        // To whom went dark the server may go on saying what it likes.
        if (!(await carried(piece.length, isAnswer)) || to.destroyed) continue
        if (!to.write(piece)) await writable(to)
      }
      if (swallows(isAnswer)) return
      if (to.destroyed) from.destroy()
      else to.end()
    } catch {
      // One of both is gone: so is the other, unless nobody is to be told.
      if (swallows(isAnswer)) return
      from.destroy()
      to.destroy()
    }
  }
  const server = createServer({ allowHalfOpen: true }, client => {
    keep(client, near)
    if (weather.kind === 'reset' || weather.kind === 'dark' || target === undefined)
      return void client.resetAndDestroy()
    if (weather.kind === 'cut') return void client.resume() // it may say what it likes
    const upstream = connect({ ...target, allowHalfOpen: true })
    keep(upstream, far)
    upstream.once('error', () => client.destroy())
    void carry(client, upstream, false)
    void carry(upstream, client, true)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    aim: url => {
      target = targetOf(url)
    },
    set: next => {
      const before = weather
      weather = next
      // What was lost in the middle of a connection can't be made good in it.
      const wasLossy = before.kind === 'cut' || before.kind === 'half-open'
      if ((wasLossy && next.kind !== 'cut') || next.kind === 'reset') drop()
      if (next.kind === 'dark') for (const client of near) client.resetAndDestroy()
      changed.resolve()
      changed = Promise.withResolvers()
    },
    drop,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      drop()
      changed.resolve()
      await closed
    },
  }
}

function targetOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url)
  return { host: hostname, port: Number(port || (protocol === 'mqtt:' ? 1883 : 80)) }
}

/** Resolves when it takes more, or never will. */
const writable = (socket: Socket): Promise<void> =>
  new Promise(resolve => {
    const go = () => {
      socket.off('drain', go)
      socket.off('close', go)
      resolve()
    }
    socket.on('drain', go)
    socket.on('close', go)
    if (socket.destroyed) go()
  })

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** What a line does to what it carries. All but `clear` are faults. */
export type Weather =
  | { kind: 'clear' }
  /** Each piece comes so much later. */
  | { kind: 'latency'; ms: number }
  /** Each connection, in each direction. */
  | { kind: 'bandwidth'; bytesPerS: number }
  /** Nothing passes now, all of it later: a network that is gone for less than TCP's patience. */
  | { kind: 'stall' }
  /** Nothing passes, nobody is told, and when it is over all that stood is broken. */
  | { kind: 'cut' }
  /** The same for answers only: the server still hears. */
  | { kind: 'half-open' }
  /** Now and then a connection is broken in the middle of what it carries: after one of `every` pieces. */
  | { kind: 'drops'; every: number }
  /** All that stands is reset, and so is whatever comes. */
  | { kind: 'reset' }

/** A TCP relay on loopback at one fixed port, whose target may move. */
export type FaultLine = {
  port: number
  aim: (port: number) => void
  set: (weather: Weather) => void
  close: () => Promise<void>
}

export async function startFaultLine(): Promise<FaultLine> {
  let weather: Weather = { kind: 'clear' }
  let changed = Promise.withResolvers<void>()
  let target: number | undefined
  let pieces = 0
  const sockets = new Set<Socket>()
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const swallows = (isAnswer: boolean) => weather.kind === 'cut' || (weather.kind === 'half-open' && isAnswer)

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
        if (!(await carried(piece.length, isAnswer))) continue
        if (to.destroyed) return
        if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
      }
      if (!swallows(isAnswer)) to.end()
    } catch {
      // One of both is gone: so is the other, unless nobody is to be told.
      if (swallows(isAnswer)) return
      from.destroy()
      to.destroy()
    }
  }
  const server = createServer({ allowHalfOpen: true }, near => {
    keep(near)
    if (weather.kind === 'reset' || target === undefined) return void near.resetAndDestroy()
    if (weather.kind === 'cut') return void near.resume() // it may say what it likes
    const far = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true })
    keep(far)
    far.once('error', () => near.destroy())
    void carry(near, far, false)
    void carry(far, near, true)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    aim: port => {
      target = port
    },
    set: next => {
      const before = weather
      weather = next
      // What was lost in the middle of a connection can't be made good in it.
      const wasLossy = before.kind === 'cut' || before.kind === 'half-open'
      if ((wasLossy && next.kind !== 'cut') || next.kind === 'reset') breakAll()
      changed.resolve()
      changed = Promise.withResolvers()
    },
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      breakAll()
      changed.resolve()
      await closed
    },
  }
}

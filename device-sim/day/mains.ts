import { connect, createServer, type Socket } from 'node:net'

/**
 * A site's line to the gateway and the current that feeds it. Without it the site's devices find their connections broken and
 * get no new one, while the gateway is told nothing: no FIN, no RST, as when a switch loses its current.
 */
export type Mains = { url: string; out: () => void; back: () => void; close: () => Promise<void> }

/** To `mqtt://host:port`; listens on loopback. */
export async function startMains(target: string): Promise<Mains> {
  const { hostname, port } = new URL(target)
  let isOut = false
  const near = new Set<Socket>()
  const far = new Set<Socket>()
  const keep = (socket: Socket, among: Set<Socket>) => {
    among.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => among.delete(socket))
  }
  const server = createServer({ allowHalfOpen: true }, device => {
    if (isOut) return void device.resetAndDestroy()
    const gateway = connect({ host: hostname, port: Number(port || 1883), allowHalfOpen: true })
    keep(device, near)
    keep(gateway, far)
    device.pipe(gateway, { end: false })
    gateway.pipe(device)
    device.on('end', () => {
      if (!isOut) gateway.end()
    })
    device.on('close', () => {
      if (!isOut) gateway.destroy()
    })
    gateway.on('close', () => device.destroy())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`,
    out: () => {
      isOut = true
      for (const device of near) {
        device.unpipe() // what is on the way is lost
        device.resetAndDestroy() // at once: a device knows that its current is gone
      }
      for (const gateway of far) gateway.unpipe().resume()
    },
    back: () => {
      isOut = false
    },
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of [...near, ...far]) socket.destroy()
      await closed
    },
  }
}

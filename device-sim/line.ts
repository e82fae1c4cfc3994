import { connect, createServer, type Socket } from 'node:net'

/**
 * A line between a device and the gateway that a person can pull out. Cut, it carries nothing in either direction and
 * nobody is told: no FIN, no RST, as with a cable. `drop` breaks each connection in the open, as a restarting device does.
 */
export type Line = {
  url: string
  cut: () => void
  /** Carries again; what stood while it was cut is broken off, so that the device connects anew. */
  mend: () => void
  drop: () => void
  close: () => Promise<void>
}

/** To `mqtt://host:port`, over loopback. */
export async function startLine(target: string): Promise<Line> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let isCut = false

  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const carry = (from: Socket, to: Socket) => {
    from.on('data', chunk => {
      if (!isCut) to.write(chunk)
    })
    from.on('close', () => {
      if (!isCut) to.destroy()
    })
  }
  const server = createServer({ allowHalfOpen: true }, device => {
    keep(device)
    if (isCut) {
      device.resume() // it may say what it likes
      return
    }
    const gateway = connect({ host: hostname, port: Number(port || 1883), allowHalfOpen: true })
    keep(gateway)
    carry(device, gateway)
    carry(gateway, device)
    for (const [one, other] of [
      [device, gateway],
      [gateway, device],
    ] as const)
      one.on('end', () => {
        if (!isCut) other.end()
      })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`,
    cut: () => {
      isCut = true
    },
    mend: () => {
      breakAll()
      isCut = false
    },
    drop: breakAll,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      breakAll()
      await closed
    },
  }
}

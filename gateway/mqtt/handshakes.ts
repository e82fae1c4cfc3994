import type { Server, Socket } from 'node:net'

/**
 * TLS handshakes that are under way. One takes a device some milliseconds, and whoever only opens connections up to 10 s; so
 * when there are too many, the oldest goes. The broker's own limits count a connection from its end on.
 */
export function boundHandshakes(server: Server, max: number): void {
  const underWay = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const [oldest] = underWay.size >= max ? underWay : []
    if (oldest !== undefined) {
      // Its place is free at once; its close is told of later.
      underWay.delete(oldest[0])
      oldest[1].destroy()
    }
    const name = nameOf(socket)
    underWay.set(name, socket)
    socket.once('close', () => {
      if (underWay.get(name) === socket) underWay.delete(name)
    })
  })
  server.on('secureConnection', (socket: Socket) => underWay.delete(nameOf(socket)))
}

/** A TLS socket and the one below it have the same. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

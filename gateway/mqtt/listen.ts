import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions, type Server as TlsServer } from 'node:tls'
import { messageOf, OperationalError } from '../errors.ts'
import { boundHandshakes } from './handshakes.ts'

/** The gateway's certificate, as a server needs it (gateway/certificates/certificates.ts). */
export type Secure = {
  readonly serverOptions: TlsOptions
  /** It gets renewed certificates, and whoever shows a wrong one is cut. */
  keep(server: TlsServer): void
}
export type Place = { host: string; port: number; secure?: Secure }

/** The last resort for each port. What decides who stays are the broker's own limits, which are smaller. */
const maxSockets = 16_384
const maxHandshakes = 2000
/** Small answers must not wait for more of them (Nagle). */
const noDelay = true

/** Listens for MQTT on TCP or on TLS. Throws OperationalError `mqtt-listen`, which names what to set. */
export async function listen(
  { host, port, secure }: Place,
  onConnection: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = secure === undefined ? createServer({ noDelay }, onConnection) : createSecure(secure, onConnection)
  server.maxConnections = maxSockets
  await new Promise<void>((resolve, reject) => {
    const name = secure === undefined ? 'MQTT' : 'MQTTS'
    // `on`: a connection that can't be accepted later, for want of a file descriptor, must not end the process.
    server.on('error', cause => {
      const message = `${name} can't listen on ${host}:${port} (${messageOf(cause)}); set GATEHOUSE_${name}_HOST and GATEHOUSE_${name}_PORT`
      reject(new OperationalError('mqtt-listen', message, { retryable: false, cause }))
    })
    server.listen(port, host, resolve)
  })
  return { server, port: (server.address() as { port: number }).port }
}

function createSecure(secure: Secure, onConnection: (socket: Socket) => void): Server {
  const server = createTlsServer({ ...secure.serverOptions, noDelay })
  boundHandshakes(server, maxHandshakes)
  secure.keep(server)
  // `keep` looks first, and has cut who may not come in.
  server.on('secureConnection', socket => {
    if (!socket.destroyed) onConnection(socket)
  })
  return server
}

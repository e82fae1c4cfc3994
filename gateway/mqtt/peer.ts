import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Client } from 'aedes'

/** The socket beneath: aedes gets a WebSocket as a stream with the request that it began with. */
const socketOf = (client: Client): Socket =>
  (client.req as IncomingMessage | undefined)?.socket ?? (client.conn as Socket)

/** The other end's IP address; empty once it is gone. */
export const addressOf = (client: Client): string => socketOf(client).remoteAddress ?? ''

/**
 * The common name (CN) of the certificate that the other end has shown, which the authority of GATEHOUSE_TLS_CA has signed
 * (certificates.ts refuses others). Undefined: it has shown none. Empty: one without exactly one common name, which is nobody's.
 */
export function certificateNameOf(client: Client): string | undefined {
  const socket = socketOf(client)
  if (!(socket instanceof TLSSocket) || !socket.authorized || socket.getPeerX509Certificate() === undefined)
    return undefined
  const name: unknown = socket.getPeerCertificate().subject?.CN
  return typeof name === 'string' ? name : ''
}

import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'

export type WebSocketOptions = {
  /** The broker's own way in: a stream of bytes, and the request that it began with. */
  onConnection: (stream: Duplex, request: IncomingMessage) => void
  /** A message may hold several packets. */
  maxPacketBytes: number
}

/** test/scenarios/websocket.test.ts pins it. */
type Inside = { _receiver?: { _maxPayload?: number } }

const path = '/mqtt'
/** [MQTT-6.0.0-3], [MQTT-6.0.0-4]: both sides say "mqtt"; clients of MQTT 3.1 say the other. */
const subprotocols = ['mqtt', 'mqttv3.1']
/** As much as one read of a TCP socket brings: what a stranger may have buffered. */
const maxStrangersMessageBytes = 65_536
/** A client that comes back may put its whole backlog into one message. */
const maxMessageBytes = 1_048_576
const closeTimeoutMs = 5000

/** MQTT over WebSocket (MQTT 3.1.1 section 6) on the HTTP port. From the stream on it is a connection like any other, under the same guards. */
export class WebSocketDoor {
  readonly #options: WebSocketOptions
  readonly #server: WebSocketServer
  readonly #sockets = new WeakMap<Duplex, WebSocket>()
  #isOpen = true

  constructor(options: WebSocketOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: maxStrangersMessageBytes,
      // A few bytes that unpack into megabytes are not worth what they save.
      perMessageDeflate: false,
      // @types/ws don't know it yet.
      ...({ closeTimeout: closeTimeoutMs } as object),
      handleProtocols: offered => subprotocols.find(name => offered.has(name)) ?? false,
    })
  }

  /** Whether the request wants to come in here; any other is a plain request. */
  wants = ({ method, url = '', headers }: IncomingMessage): boolean =>
    method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && url.split('?', 1)[0] === path

  take = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => {})
    const refusal = this.#refusal(request)
    if (refusal !== undefined) refuse(socket, refusal)
    else this.#server.handleUpgrade(request, socket, head, webSocket => this.#connected(webSocket, request))
  }

  /** It has shown who it is. From here on a message may be larger; `ws` has no option for that, so it stays small where its insides change. */
  loggedIn(stream: unknown): void {
    const receiver = (this.#sockets.get(stream as Duplex) as unknown as Inside | undefined)?._receiver
    if (receiver?._maxPayload !== undefined)
      receiver._maxPayload = Math.max(this.#options.maxPacketBytes, maxMessageBytes)
  }

  stopTaking(): void {
    this.#isOpen = false
  }

  /** Those too that are no clients of the broker any more and don't answer that they are closed. */
  end(): void {
    for (const webSocket of this.#server.clients) webSocket.terminate()
  }

  #refusal({ headers }: IncomingMessage): Refusal | undefined {
    if (!this.#isOpen) return { status: 503, detail: 'no connection is taken now; try again' }
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
    if (!offered.some(name => subprotocols.includes(name)))
      return { status: 400, detail: 'offer the subprotocol "mqtt" (header Sec-WebSocket-Protocol)' }
    if (!isOwnPage(headers.origin, headers.host))
      return { status: 403, detail: 'a page of another host may not connect (header Origin)' }
    return undefined
  }

  #connected(webSocket: WebSocket, request: IncomingMessage): void {
    const stream = createWebSocketStream(webSocket, { writev: writeAsOne(webSocket) })
    // [MQTT-6.0.0-1]: whatever isn't binary ends the connection; before the stream's own listener, so nothing of it is taken.
    webSocket.prependListener('message', (_data, isBinary) => {
      if (!isBinary) stream.destroy()
    })
    this.#sockets.set(stream, webSocket)
    this.#options.onConnection(stream, request)
  }
}

/**
 * Browsers say which page connects; devices say nothing. A browser shows its user's client certificate to whatever page asks
 * it to, and lets any page in the operator's network knock: a page of another host would come in by somebody else's key
 * (cross-site WebSocket hijacking). The host counts, not its port: clients write that in several ways.
 */
export function isOwnPage(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const page = URL.parse(origin)?.hostname
  return page !== undefined && page !== '' && page === URL.parse(`http://${host}`)?.hostname
}

/** Packets are written in pieces; what is written in one turn goes as one frame. */
const writeAsOne =
  (webSocket: WebSocket) =>
  (pieces: { chunk: Buffer; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void =>
    webSocket.send(
      Buffer.concat(
        pieces.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)),
      ),
      done,
    )

type Refusal = { status: 400 | 403 | 503; detail: string }

/** RFC 9457, as everything that the HTTP port refuses. */
function refuse(socket: Duplex, { status, detail }: Refusal): void {
  const title = STATUS_CODES[status]
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

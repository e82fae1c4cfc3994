import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the proxy does with a request. All but `pass` are faults. */
export type Fault =
  | { kind: 'pass' }
  | { kind: 'answer'; status: number; body?: string }
  /** Never answers. The client has to give up. */
  | { kind: 'hang' }
  | { kind: 'delay'; ms: number }
  /** Closes the connection once the first bytes of the request came. */
  | { kind: 'cut-request' }
  /** Forwards all, then closes the connection without a word: written, but nobody knows. */
  | { kind: 'cut-before-answer' }
  /** Forwards all, then sends headers and half of a body, and closes. */
  | { kind: 'cut-answer'; status: number }
  /** The same, but leaves the connection open. */
  | { kind: 'stall-answer'; status: number }
  /** Forwards the first half of the lines only and answers as InfluxDB does on a partial write. */
  | { kind: 'half' }

export type FaultProxy = {
  url: string
  /** From now on, or for the next `times` requests and then `pass`. */
  set(fault: Fault, times?: number): void
  /** Nothing listens on the port any more: connections are refused. */
  refuse(): Promise<void>
  /** Listens again on the same port, and passes. */
  listen(): Promise<void>
  /** Requests seen since the last `set` that met its fault. */
  met(): number
  close(): Promise<void>
}

/** The answer of InfluxDB 1.6 to a batch of which it dropped something. */
export const partialWrite = JSON.stringify({
  error:
    'partial write: field type conflict: input field "score" on measurement "face" is type float, already exists as type integer dropped=1',
})

/** An HTTP proxy before InfluxDB that does on command what networks, proxies and servers do. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let fault: Fault = { kind: 'pass' }
  let left = Number.POSITIVE_INFINITY
  let met = 0
  let port = 0

  const next = (): Fault => {
    if (fault.kind === 'pass' || left === 0) return { kind: 'pass' }
    left -= 1
    met += 1
    return fault
  }
  const create = () => http.createServer((request, response) => void serve(target, next(), request, response))
  let server = create()
  const listen = async () => {
    server = create()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const refuse = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const set = (to: Fault, times = Number.POSITIVE_INFINITY) => {
    fault = to
    left = times
    met = 0
  }
  await listen()
  return {
    url: `http://127.0.0.1:${port}`,
    set,
    refuse,
    async listen() {
      set({ kind: 'pass' })
      await listen()
    },
    met: () => met,
    close: refuse,
  }
}

async function serve(target: string, fault: Fault, request: IncomingMessage, response: ServerResponse) {
  try {
    await handle(target, fault, request, response)
  } catch {
    // The client went away, or InfluxDB did: either way this connection is over.
    request.socket.destroy()
  }
}

async function handle(target: string, fault: Fault, request: IncomingMessage, response: ServerResponse) {
  if (fault.kind === 'cut-request') {
    await once(request, 'data')
    return void request.socket.destroy()
  }
  const body = await bodyOf(request)
  switch (fault.kind) {
    case 'answer':
      return void response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body ?? '')
    case 'hang':
      return
    case 'half': {
      const lines = body.toString().split('\n')
      await forward(target, request, Buffer.from(lines.slice(0, lines.length >> 1).join('\n')))
      return void response.writeHead(400, { 'content-type': 'application/json' }).end(partialWrite)
    }
    case 'delay':
      await new Promise(resolve => setTimeout(resolve, fault.ms))
  }
  const answer = await forward(target, request, body)
  if (fault.kind === 'cut-before-answer') return void request.socket.destroy()
  if (fault.kind === 'cut-answer' || fault.kind === 'stall-answer') {
    response.writeHead(fault.status, { 'content-type': 'application/json', 'content-length': '1000' })
    await new Promise<void>(resolve => response.write('{"error":"ha', () => resolve()))
    if (fault.kind === 'cut-answer') request.socket.destroy()
    return
  }
  response.writeHead(answer.status, answer.headers).end(answer.body)
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function forward(target: string, request: IncomingMessage, body: Buffer) {
  const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers
  const upstream = http.request(new URL(request.url ?? '/', target), {
    method: request.method ?? 'GET',
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  })
  upstream.end(body)
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
  const { connection: ____, ...passed } = answer.headers
  return { status: answer.statusCode ?? 502, headers: passed, body: await bodyOf(answer) }
}

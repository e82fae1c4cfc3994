import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebhookMessage, type WebhookReply } from '../schemas/webhook.ts'
import { Failure } from './arguments.ts'
import type { Clock } from './clock.ts'
import { keyOf, refusalOf } from './signature.ts'

/** A dispatch centre: verifies, remembers, answers with an incident number (contract 5). */
export type ReceiverOptions = {
  host?: string
  /** 0: any free port. */
  port: number
  /** `whsec_<base64>` */
  secret: string
  now: Clock
  /** The status for a good message; by default 200. */
  answer?: number | ((message: WebhookMessage) => number)
  /** Say in the reply that the centre has taken the alarm over. */
  acknowledge?: boolean
  misbehaviour?: Misbehaviour
  /** Before it is answered. */
  onMessage?: (received: Received) => void
  onRefused?: (refused: Refused) => void
}

/** What a centre in trouble does. */
export type Misbehaviour = {
  /** Keeps each answer back for so long. */
  lateMs?: number
  /** Answers 200 with a body that is none. */
  garbage?: boolean
  /** Is gone, listening socket and all, once it has answered so many messages. */
  dieAfter?: number
}

export type Received = {
  message: WebhookMessage
  arrivedAtMs: number
  /** What was answered. */
  status: number
  /** The same `webhook-id` was answered with 2xx before. */
  repeated: boolean
}

export type Refused = {
  status: number
  reason: string
  /** `webhook-id`, where there was one. */
  id: string | undefined
  arrivedAtMs: number
  /** It came whole, and its signature or its timestamp is not to be trusted. */
  isDistrusted: boolean
}

export type Receiver = {
  url: string
  port: number
  /** The latest good messages, oldest first, at most 1,000; repeated ones are not listed again. */
  messages: readonly Received[]
  /** It died as `dieAfter` said, or was closed. */
  ended: Promise<void>
  close: () => Promise<void>
}

const maxBodyBytes = 64 * 1024
const maxKept = 1000
/** Neither JSON nor text in any encoding. */
const garbage = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x22, 0xc3, 0x28])
const maxRemembered = 10_000

/** Listens, or throws Failure when it can't. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const key = keyOf(options.secret)
  if (key === undefined) throw new Failure('the secret must be whsec_ and base64, like the one the gateway signs with')
  const host = options.host ?? '127.0.0.1'
  const messages: Received[] = []
  const answeredIds = createMemory<true>()
  const incidents = createMemory<string>()
  let incidentCount = 0
  let answered = 0
  const { misbehaviour = {} } = options

  const incidentOf = (message: WebhookMessage): string => {
    const known = incidents.get(message.subject)
    if (known !== undefined) return known
    incidentCount += 1
    const day = new Date(options.now()).toISOString().slice(0, 10).replaceAll('-', '')
    return incidents.put(message.subject, `JQ${day}-${String(incidentCount).padStart(4, '0')}`)
  }

  const accept = (message: WebhookMessage, response: ServerResponse): void => {
    const arrivedAtMs = options.now()
    const { answer = 200 } = options
    const status = typeof answer === 'function' ? answer(message) : answer
    const repeated = answeredIds.get(message.id) !== undefined
    const good = status >= 200 && status < 300
    const reply: WebhookReply = { incidentNo: incidentOf(message), ...(options.acknowledge && { acknowledged: true }) }
    const answerNow = () => {
      if (response.destroyed) return // the sender did not wait
      if (misbehaviour.garbage && good) response.writeHead(status).end(garbage)
      else respond(response, status, good ? reply : { error: `told to answer ${status}` })
      if (good) answeredIds.put(message.id, true)
      answered += 1
      if (answered === misbehaviour.dieAfter) response.once('close', () => void close())
    }
    const received = { message, arrivedAtMs, status, repeated }
    if (!repeated && good) messages.push(received)
    if (messages.length > maxKept) messages.shift()
    options.onMessage?.(received)
    if (misbehaviour.lateMs === undefined) answerNow()
    else setTimeout(answerNow, misbehaviour.lateMs).unref()
  }

  const server = createServer({ requestTimeout: 10_000 }, async (request, response) => {
    const header = (name: string) => request.headers[name]?.toString()
    const refuse = (status: number, reason: string, isDistrusted = false): void => {
      options.onRefused?.({ status, reason, id: header('webhook-id'), arrivedAtMs: options.now(), isDistrusted })
      respond(response, status, { error: reason })
    }
    if (request.method !== 'POST') return refuse(405, `${request.method} is not POST`)
    const body = await readBody(request)
    if (body === 'too long') return refuse(413, `the body is longer than ${maxBodyBytes} bytes`)
    if (body === 'broken off') return refuse(400, 'the sender hung up in the middle of the body')
    const signed = {
      id: header('webhook-id'),
      timestamp: header('webhook-timestamp'),
      signatures: header('webhook-signature'),
    }
    const distrust = refusalOf(key, signed, body, options.now())
    if (distrust !== undefined) return refuse(401, distrust, true)
    const message = decode(body)
    if (typeof message === 'string') return refuse(400, message)
    if (message.id !== signed.id) return refuse(400, 'the body’s id is not the webhook-id')
    accept(message, response)
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new Failure(`can't listen on ${host}:${options.port}: ${error.message}`)))
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const ended = new Promise<void>(resolve => server.once('close', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
    return ended
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    messages,
    ended,
    close,
  }
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Of one that is longer than allowed the rest is not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too long' | 'broken off'> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) return 'too long'
      chunks.push(chunk)
    }
  } catch {
    return 'broken off'
  }
  return Buffer.concat(chunks)
}

/** The message, or why it is none. */
function decode(body: Buffer): WebhookMessage | string {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return 'the body is not JSON'
  }
  const result = WebhookMessage.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  return `the body is no webhook message: ${issue?.path.join('.')}: ${issue?.message}`
}

/** Remembers the latest 10,000 by key; the oldest is forgotten first. */
function createMemory<T>() {
  const kept = new Map<string, T>()
  return {
    get: (id: string): T | undefined => kept.get(id),
    put: (id: string, value: T): T => {
      kept.set(id, value)
      if (kept.size > maxRemembered) kept.delete(kept.keys().next().value as string)
      return value
    },
  }
}

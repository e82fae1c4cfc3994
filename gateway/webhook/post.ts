import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as SecureAgent } from 'node:https'
import type { WebhookReply } from '../../schemas/webhook.ts'
import { readReply } from './reply.ts'

/** One HTTP try of one message at one endpoint. Never rejects: what went wrong is the answer. */
export type Attempt =
  | { delivered: true; status: number; reply: WebhookReply }
  /** `saidAt`: what time the endpoint has, of its `date`. */
  | { delivered: false; status: number | null; error: string; saidAt?: number }

const maxReplyBytes = 65_536
/** Below the 5 s after which many servers close an idle connection: a message must not be written to a closing one. */
const idleConnectionMs = 4000
const maxIdleConnections = 8

/**
 * Posts with `node:http`: it takes half the time of `fetch` and loads nothing at the first alarm (5 ms instead of 80), follows
 * no redirect (contract 5: the signed message goes only where the registry says) and takes credentials in a URL.
 */
export class Poster {
  readonly #options = { keepAlive: true, timeout: idleConnectionMs, maxFreeSockets: maxIdleConnections }
  readonly #plain = new Agent(this.#options)
  readonly #secure = new SecureAgent(this.#options)

  /** 2xx with a body that arrives whole within `timeoutMs` is delivered; its body is read for a reply and otherwise ignored. */
  async post(url: string, headers: Record<string, string>, body: string, timeoutMs: number): Promise<Attempt> {
    let timer: NodeJS.Timeout | undefined
    let late = false
    try {
      const request = this.#request(url, headers)
      timer = setTimeout(() => {
        late = true
        request.destroy()
      }, timeoutMs)
      request.end(body)
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const status = response.statusCode as number
      if (status < 200 || status > 299) {
        response.destroy()
        const saidAt = Date.parse(response.headers.date ?? '')
        return { delivered: false, status, error: `answered ${status}`, ...(Number.isNaN(saidAt) ? {} : { saidAt }) }
      }
      return { delivered: true, status, reply: readReply(await readBounded(response)) }
    } catch (error) {
      return {
        delivered: false,
        status: null,
        error: late ? `no whole answer within ${timeoutMs} ms` : describe(error),
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Drops idle connections. */
  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }

  #request(url: string, headers: Record<string, string>): ClientRequest {
    const target = new URL(url)
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/cloudevents+json', 'user-agent': 'Gatehouse' },
    }
    const request =
      target.protocol === 'https:'
        ? requestHttps(target, { ...options, agent: this.#secure })
        : requestHttp(target, { ...options, agent: this.#plain })
    // What breaks after the answer has been judged is nobody's concern any more.
    request.on('error', () => {})
    return request
  }
}

/** What is beyond the bound stays unread, and its connection is closed. */
async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > maxReplyBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The code (ECONNREFUSED, CERT_HAS_EXPIRED, …) and never the message, which may name the URL, and that may hold a token. */
function describe(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'the request could not be made'
}

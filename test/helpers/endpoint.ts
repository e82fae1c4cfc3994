import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { WebhookMessage } from '../../schemas/webhook.ts'

/** A dispatch centre of the tests: verifies with the package `standardwebhooks`, and misbehaves on command. */
export const endpointSecret = `whsec_${Buffer.from('a secret of the tests, 32 bytes!').toString('base64')}`

export type Told = {
  id: string
  message: WebhookMessage
  /** As it came. */
  body: string
  at: number
  headers: IncomingMessage['headers']
}
export type Behaviour = (response: ServerResponse, told: Told, request: IncomingMessage) => void

export type TestEndpoint = {
  url: string
  port: number
  /** Every request whose signature was right, repeats too, whatever was answered. */
  told: Told[]
  /** Requests whose signature was wrong or whose body was not of the contract: `webhook-id`, a space, and why. */
  wrong: string[]
  behave(behaviour: Behaviour): void
  /** Resolves with the first request, also one that came before, that `matches`. */
  next(matches?: (told: Told) => boolean, timeoutMs?: number): Promise<Told>
  /** Stops listening and cuts what is open; `up` comes back on the same port. */
  down(): Promise<void>
  up(): Promise<void>
}

export const accept: Behaviour = response =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')

export async function startEndpoint(secret = endpointSecret): Promise<TestEndpoint> {
  const verifier = new Webhook(secret)
  const told: Told[] = []
  const wrong: string[] = []
  const waiting = new Set<() => void>()
  let behaviour: Behaviour = accept
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('error', () => {})
    request.on('end', () => {
      try {
        const body = Buffer.concat(chunks).toString('utf8')
        const message = WebhookMessage.parse(verifier.verify(body, request.headers as Record<string, string>))
        const id = request.headers['webhook-id'] as string
        const one = { id, message, body, at: Date.now(), headers: request.headers }
        told.push(one)
        behaviour(response, one, request)
        for (const look of waiting) look()
      } catch (error) {
        wrong.push(`${request.headers['webhook-id']} ${error}`)
        response.writeHead(401).end()
      }
    })
  })
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/alarms`,
    port,
    told,
    wrong,
    behave: next => {
      behaviour = next
    },
    next: (matches = () => true, timeoutMs = 20_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(
            new Error(
              `nothing came within ${timeoutMs} ms; so far: ${told.map(({ message }) => message.type).join(', ') || 'nothing'}; wrong: ${wrong.join('; ') || 'nothing'}`,
            ),
          )
        }, timeoutMs)
        const look = () => {
          const found = told.find(matches)
          if (found === undefined) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    down: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
    up: () => listen(port),
  }
}

/** Settings that make it the level-0 endpoint `dispatch`. */
export const dispatchTo = (endpoint: TestEndpoint, secret = endpointSecret): Record<string, string> => ({
  GATEHOUSE_DISPATCH_URL: endpoint.url,
  GATEHOUSE_DISPATCH_SECRET: secret,
})

import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { NoQuery } from '../../schemas/api.ts'
import type { StreamCounters } from '../../schemas/stream.ts'
import type { StreamEvent } from '../alarms/stream.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { type Caller, isStillIn, type TokensPort } from './auth.ts'
import { headersOf, isTls } from './headers.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'

export type StreamPort = {
  /** Tells at once what the watcher missed, then all that happens, until what it returns is called. */
  subscribe(lastId: string | undefined, listener: (event: StreamEvent) => void): () => void
  counters(): StreamCounters
}
type Options = {
  stream: StreamPort
  log: Log
  clock: Clock
  tokens: TokensPort
  streamTimes?: { heartbeatMs: number; countersMs: number }
}

const maxWatchers = 200
/** One token's consoles leave room for those of another. */
const maxWatchersPerToken = 100
/** A token that was revoked, or has come to its end, watches no longer than this and what the gateway takes to know of it. */
const lookAtTokensEveryMs = 400
/** What may wait for one watcher beside what it was told when it came. */
const maxWaitingBytes = 1_000_000
const reconnectMs = 2000

/** Server-sent events (contract 6): whatever happens to alarms and devices, as it happens. */
export function addStream(app: App, { stream, log, clock, tokens, streamTimes }: Options): void {
  const { heartbeatMs, countersMs } = streamTimes ?? { heartbeatMs: 15_000, countersMs: 3000 }
  const watchers = new Set<Watcher>()
  const tellAll = (text: () => string) => {
    if (watchers.size === 0) return
    const told = text()
    for (const watcher of watchers) watcher.tell(told)
  }
  const timers = [
    setInterval(() => tellAll(() => ':\n\n'), heartbeatMs),
    setInterval(() => tellAll(() => textOf({ name: 'counters', data: stream.counters() })), countersMs),
    setInterval(() => {
      for (const watcher of watchers) if (!isStillIn(tokens(), watcher.caller, clock())) watcher.end()
    }, lookAtTokensEveryMs),
  ]
  const watchersOf = (name: string) => [...watchers].filter(({ caller }) => caller.name === name).length
  app.addHook('preClose', async () => {
    for (const timer of timers) clearInterval(timer)
    for (const watcher of watchers) watcher.end()
  })

  app.get(
    '/stream',
    {
      config: { role: 'viewer' },
      // A HEAD would be a stream without events.
      exposeHeadRoute: false,
      schema: {
        operationId: 'getStream',
        tags: ['alarms'],
        summary: 'What happens, as it happens: server-sent events',
        description:
          'Events: `alarm` {alarm, line} for each step, `presence` {device, presence, at}, `counters` every few seconds, and `snapshot` {alarms}, all open alarms, first. With the header `Last-Event-ID` the stream goes on after that event, and a snapshot comes only where it can not.',
        querystring: NoQuery,
        headers: z.looseObject({ 'last-event-id': z.string().max(64).optional() }),
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
          ...refusals(400, 401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      const caller = request.caller as Caller
      const full =
        watchers.size >= maxWatchers
          ? `${maxWatchers} watch already, which is the most`
          : watchersOf(caller.name) >= maxWatchersPerToken
            ? `${maxWatchersPerToken} watch with this token already, which is the most`
            : undefined
      if (full !== undefined) {
        reply.header('retry-after', '5')
        return sendProblem(reply, problem(503, full))
      }
      reply.hijack()
      reply.raw.writeHead(200, {
        ...headersOf('data', isTls(request.raw)),
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      })
      const onCut = (waitingBytes: number) => log.warn({ waitingBytes }, 'stream.slow-watcher-cut')
      const watcher = new Watcher(reply.raw, caller, onCut)
      watchers.add(watcher)
      watcher.tell(`retry: ${reconnectMs}\n\n`)
      const leave = stream.subscribe(request.headers['last-event-id'], event => watcher.tell(textOf(event)))
      watcher.isUpToDate()
      const gone = () => {
        leave()
        watchers.delete(watcher)
      }
      if (reply.raw.destroyed) gone()
      else reply.raw.once('close', gone)
      return reply
    },
  )
}

/** JSON holds no line break, so the data is one line. */
const textOf = ({ id, name, data }: { id?: string; name: string; data: unknown }): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** One connection. A watcher that doesn't read what it is told is cut: it comes again and goes on where it was. */
class Watcher {
  readonly caller: Caller
  readonly #response: ServerResponse
  readonly #onCut: (waitingBytes: number) => void
  #maxWaitingBytes = Number.POSITIVE_INFINITY

  #looking: NodeJS.Immediate | undefined

  constructor(response: ServerResponse, caller: Caller, onCut: (waitingBytes: number) => void) {
    this.caller = caller
    this.#response = response
    this.#onCut = onCut
    response.on('error', () => {})
  }

  /** It was told what it had missed, which is as much as it is; from here on what waits is bounded. */
  isUpToDate(): void {
    this.#maxWaitingBytes = this.#response.writableLength + maxWaitingBytes
    this.#response.once('drain', () => {
      this.#maxWaitingBytes = maxWaitingBytes
    })
  }

  tell(text: string): void {
    if (this.#response.destroyed) return
    this.#response.write(text)
    // Node holds back what is written in one turn: only after it does it show whether the watcher takes it.
    this.#looking ??= setImmediate(() => this.#look())
  }

  #look(): void {
    this.#looking = undefined
    const waitingBytes = this.#response.writableLength
    if (this.#response.destroyed || waitingBytes <= this.#maxWaitingBytes) return
    this.#onCut(waitingBytes)
    this.#response.destroy()
  }

  end(): void {
    this.#response.end()
  }
}

import { isIPv6 } from 'node:net'
import { setTimeout as after, setImmediate as turnOfLoop } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Buckets } from './buckets.ts'
import { problem, sendProblem } from './problem.ts'
import { Turns } from './turns.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the route costs. `disk`: it reads lists from the disk, so it counts double and takes turns. `alarm`: what a
     * person does about an alarm; it has an allowance of its own, so whoever else uses the same token can't use it up.
     */
    load?: 'disk' | 'alarm'
  }
}

/**
 * Far above what a dispatch centre, its consoles and a load test do, and far below what would keep the gateway from devices:
 * an answer costs about 50 µs, so 500 a second are a fortieth of a core. A refusal costs as much as an answer, so it comes
 * `heldMs` late and nothing is read from its connection meanwhile: who asks without end waits without end. Every kind is
 * bounded in keys.
 */
const allowances = {
  /** Of one token, for everything but alarms. */
  token: { perSecond: 200, burst: 1000, maxKeys: 1000, heldMs: 200 },
  /** Of one token, for alarms. Nothing that somebody else does is counted here. */
  alarm: { perSecond: 100, burst: 500, maxKeys: 1000, heldMs: 0 },
  /** Of one address: requests without a token that counts. Those with one are served from there all the same. */
  failure: { perSecond: 2, burst: 200, maxKeys: 10_000, heldMs: 200 },
  /** Of one address: what needs no token. */
  open: { perSecond: 500, burst: 2000, maxKeys: 10_000, heldMs: 200 },
}
type Allowance = keyof typeof allowances
export type Allowances = Record<Allowance, { perSecond: number; burst: number; maxKeys: number; heldMs: number }>

/** Refusals that wait to be told; who comes beyond them is told at once, and his connection ends. */
const maxHeld = 1000
const turnLimits = { atOnce: 4, waitingPerKey: 100, waitingInAll: 1000 }
/** Who meets a limit goes on meeting it; the log has one line in so many milliseconds. */
const logEveryMs = 60_000

export class Limits {
  readonly #clock: Clock
  readonly #log: Log
  readonly #buckets: Record<Allowance, Buckets>
  readonly #loggedAt: Partial<Record<Allowance, number>> = {}
  readonly #heldMs: Record<Allowance, number>
  #held = 0
  readonly #turns = new Turns(turnLimits)

  constructor({ clock, log, ...options }: { clock: Clock; log: Log; allowances?: Allowances }) {
    this.#clock = clock
    this.#log = log
    const { token, alarm, failure, open } = options.allowances ?? allowances
    this.#heldMs = { token: token.heldMs, alarm: alarm.heldMs, failure: failure.heldMs, open: open.heldMs }
    this.#buckets = {
      token: new Buckets(token),
      alarm: new Buckets(alarm),
      failure: new Buckets(failure),
      open: new Buckets(open),
    }
  }

  /** A request that needs no token, by its address. The answer where it is one too many. */
  open(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | undefined {
    return this.#take('open', addressOf(request), 1, reply, 'This address asks')
  }

  /** A request whose token is missing or wrong. The answer where there were too many from its address. */
  failure(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | undefined {
    return this.#take('failure', addressOf(request), 1, reply, 'This address sends requests without a valid token')
  }

  /** A request of the token with this name. */
  caller(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | undefined {
    const { load } = request.routeOptions.config
    if (load === 'alarm') return this.#take('alarm', name, 1, reply, 'This token acts on alarms')
    return this.#take('token', name, load === 'disk' ? 2 : 1, reply, 'This token asks')
  }

  /** An onRoute hook: the handlers of routes that read lists from the disk take turns, token by token. */
  takeTurns = (route: RouteOptions): void => {
    if (route.config?.load !== 'disk') return
    const handler = route.handler as (...given: Parameters<RouteHandlerMethod>) => unknown
    const turns = this.#turns
    route.handler = async function (request, reply) {
      if (!(await turns.take(request.caller?.name ?? ''))) {
        reply.header('retry-after', '1')
        return sendProblem(reply, problem(429, 'Too many lists are asked for at once; wait for some of the answers'))
      }
      try {
        // Whoever has left needs no answer any more.
        if (reply.raw.destroyed) return reply.hijack()
        return await handler.call(this, request, reply)
      } finally {
        turns.done()
      }
    }
  }

  #take(
    kind: Allowance,
    key: string,
    units: number,
    reply: FastifyReply,
    who: string,
  ): Promise<FastifyReply> | undefined {
    const now = this.#clock()
    const waitMs = this.#buckets[kind].take(key, units, now)
    if (waitMs === 0) return undefined
    if (now - (this.#loggedAt[kind] ?? Number.NEGATIVE_INFINITY) >= logEveryMs) {
      this.#loggedAt[kind] = now
      this.#log.warn({ allowance: kind, waitMs }, 'http.limited')
    }
    return this.#refuse(this.#heldMs[kind], Math.ceil(waitMs / 1000), reply, who)
  }

  async #refuse(heldMs: number, waitS: number, reply: FastifyReply, who: string): Promise<FastifyReply> {
    if (this.#held >= maxHeld) reply.header('connection', 'close')
    else if (heldMs > 0) {
      const { socket } = reply.raw.req
      this.#held++
      // When the request has been read to its end, Node begins to read the next: after that.
      await turnOfLoop()
      socket.pause()
      await after(heldMs)
      socket.resume()
      this.#held--
    }
    reply.header('retry-after', String(waitS))
    return sendProblem(reply, problem(429, `${who} faster than the gateway allows; wait ${waitS} s`))
  }
}

/** Whoever has one IPv6 address has the 2^64 of its network: that counts as one. */
export function addressOf({ ip }: { ip: string }): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip
  const [front = '', back] = ip.split('%', 1)[0]!.split('::')
  const groups = front.split(':').filter(Boolean)
  const behind = back === undefined ? [] : back.split(':').filter(Boolean)
  const missing = Array.from({ length: 8 - groups.length - behind.length }, () => '0')
  return [...groups, ...(back === undefined ? [] : missing), ...behind].slice(0, 4).join(':')
}

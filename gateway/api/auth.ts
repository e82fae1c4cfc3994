import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Role, roles } from '../../schemas/api.ts'
import type { Clock } from '../clock.ts'
import type { Connections } from './connections.ts'
import type { Limits } from './limits.ts'
import { problem, sendProblem } from './problem.ts'

/** Contract 6. Only the digest is kept, so a token can't be read from the gateway's memory or a log of it. */
export type ApiToken = {
  name: string
  role: Role
  /** SHA-256 of the token. */
  digest: Buffer
  /** ms; absent: never. */
  expiresAt?: number | undefined
}
export type Caller = Pick<ApiToken, 'name' | 'role' | 'digest'>

/** Those that are in force now: asked each time, since they are changed while the gateway runs. */
export type TokensPort = () => readonly ApiToken[]

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set for everything under /api/v1. */
    caller: Caller | null
  }
  interface FastifyContextConfig {
    /** The lowest role that may call the route. Each route under /api/v1 must say it. */
    role?: Role
  }
}

/** For the audit log. */
export const callerName = (caller: Caller | null): string => caller?.name ?? ''

export const tokenDigest = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Looks at every token whichever matches, so the time tells nothing about them. `now` in ms. */
export function callerOf(
  tokens: readonly ApiToken[],
  authorization: string | undefined,
  now: number,
): Caller | undefined {
  const token = bearer(authorization)
  return token === undefined ? undefined : ownerOf(tokens, tokenDigest(token), now)
}

/** Whether what was let in then would be let in now, as the same. */
export const isStillIn = (tokens: readonly ApiToken[], { name, role, digest }: Caller, now: number): boolean => {
  const owner = ownerOf(tokens, digest, now)
  return owner?.name === name && owner.role === role
}

function ownerOf(tokens: readonly ApiToken[], given: Buffer, now: number): Caller | undefined {
  let caller: Caller | undefined
  for (const { name, role, digest, expiresAt } of tokens)
    if (timingSafeEqual(digest, given) && (expiresAt === undefined || now < expiresAt)) caller = { name, role, digest }
  return caller
}

const bearer = (authorization = ''): string | undefined => /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1]

/** viewer < dispatcher < admin. */
export const mayCall = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

/** RFC 6750 section 3: what a 401 or 403 tells the client in WWW-Authenticate. */
const challenge = (error?: string) => `Bearer realm="gatehouse"${error === undefined ? '' : `, error="${error}"`}`

/** What is done about requests; `undefined` of `limits` lets one pass. */
type Ports = {
  tokens: TokensPort
  clock: Clock
  limits: Pick<Limits, 'failure' | 'caller'>
  connections: Pick<Connections, 'trust'>
  onRefused?: OnRefused | undefined
}
/** Who was turned away, for the audit log. `caller`: the name of the token, where it was known. */
export type OnRefused = (refused: { caller: string | null; why: string; address: string }) => void

/** The onRequest hook of /api/v1: before the query is looked at, so that a stranger learns nothing about it. */
export const authenticate =
  ({ tokens, clock, limits, connections, onRefused }: Ports) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { authorization } = request.headers
    const caller = callerOf(tokens(), authorization, clock())
    if (caller === undefined) {
      const limited = limits.failure(request, reply)
      if (limited !== undefined) return await limited
      // Who sends none at all may be a browser, or a probe; who sends one that is wrong tries something.
      if (authorization !== undefined) onRefused?.({ caller: null, why: 'the token is not known', address: request.ip })
      reply.header('www-authenticate', challenge(authorization === undefined ? undefined : 'invalid_token'))
      const detail =
        authorization === undefined
          ? 'Send the header "Authorization: Bearer <token>" with a token of the gateway ("npm run token", GATEHOUSE_API_TOKENS)'
          : 'The token is not known, or not any more; send one of the gateway ("npm run token", GATEHOUSE_API_TOKENS) as "Authorization: Bearer <token>"'
      return sendProblem(reply, problem(401, detail))
    }
    connections.trust(request.raw.socket)
    const limited = limits.caller(caller.name, request, reply)
    if (limited !== undefined) return await limited
    const needed = request.routeOptions.config.role ?? 'viewer'
    if (!mayCall(caller.role, needed)) {
      onRefused?.({ caller: caller.name, why: `the role ${needed} is needed`, address: request.ip })
      reply.header('www-authenticate', challenge('insufficient_scope'))
      return sendProblem(reply, problem(403, `This needs the role ${needed}; the token's role is ${caller.role}`))
    }
    request.caller = caller
    return undefined
  }

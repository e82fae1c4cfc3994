import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Role, roles } from '../../schemas/api.ts'
import { problem, sendProblem } from './problem.ts'

/** Contract 6. Only the digest is kept, so a token can't be read from the gateway's memory or a log of it. */
export type ApiToken = { name: string; role: Role /** SHA-256 of the token. */; digest: Buffer }
export type Caller = Pick<ApiToken, 'name' | 'role'>

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

export const tokenDigest = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Looks at every token whichever matches, so the time tells nothing about them. */
export function callerOf(tokens: readonly ApiToken[], authorization: string | undefined): Caller | undefined {
  const token = bearer(authorization)
  if (token === undefined) return undefined
  const given = tokenDigest(token)
  let caller: Caller | undefined
  for (const { name, role, digest } of tokens) if (timingSafeEqual(digest, given)) caller = { name, role }
  return caller
}

const bearer = (authorization = ''): string | undefined => /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1]

/** viewer < dispatcher < admin. */
export const mayCall = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

/** RFC 6750 section 3: what a 401 or 403 tells the client in WWW-Authenticate. */
const challenge = (error?: string) => `Bearer realm="gatehouse"${error === undefined ? '' : `, error="${error}"`}`

/** The onRequest hook of /api/v1: before the query is looked at, so that a stranger learns nothing about it. */
export const authenticate =
  (tokens: readonly ApiToken[]) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { authorization } = request.headers
    const caller = callerOf(tokens, authorization)
    if (caller === undefined) {
      reply.header('www-authenticate', challenge(authorization === undefined ? undefined : 'invalid_token'))
      const detail =
        authorization === undefined
          ? 'Send the header "Authorization: Bearer <token>" with a token of GATEHOUSE_API_TOKENS'
          : 'The token is not known; it must be one of GATEHOUSE_API_TOKENS, sent as "Authorization: Bearer <token>"'
      return sendProblem(reply, problem(401, detail))
    }
    const needed = request.routeOptions.config.role ?? 'viewer'
    if (!mayCall(caller.role, needed)) {
      reply.header('www-authenticate', challenge('insufficient_scope'))
      return sendProblem(reply, problem(403, `This needs the role ${needed}; the token's role is ${caller.role}`))
    }
    request.caller = caller
    return undefined
  }

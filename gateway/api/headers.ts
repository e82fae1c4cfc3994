import type { FastifyReply, FastifyRequest } from 'fastify'

const policies = {
  /** Answers are data; a browser that is tricked into showing one as a page runs nothing. */
  data: "default-src 'none'; frame-ancestors 'none'",
  /** Swagger UI: its own scripts and styles, the styles it writes into elements, its icons in data: URLs, "Try it out". */
  docs: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

/** The security headers that every answer has. */
export const headersOf = (page: keyof typeof policies): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': policies[page],
  ...(page === 'data' ? { 'cache-control': 'no-store' } : {}),
})

/** An onSend hook that puts them on. */
export const securityHeaders =
  (page: keyof typeof policies) =>
  async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(headersOf(page))
  }

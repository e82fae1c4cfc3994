import type { FastifyReply, FastifyRequest } from 'fastify'

const policies = {
  /** Answers are data; a browser that is tricked into showing one as a page runs nothing. */
  data: "default-src 'none'; frame-ancestors 'none'",
  /** Swagger UI: its own scripts and styles, the styles it writes into elements, its icons in data: URLs, "Try it out". */
  docs: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

/** A year; of this host only, since others of its domain are not ours to speak for. */
const strictTransport = 'max-age=31536000'

/** The security headers that every answer has. No CORS header: a page from elsewhere reads nothing here. `tls`: it goes over TLS. */
export const headersOf = (page: keyof typeof policies, tls: boolean): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': policies[page],
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  ...(page === 'data' ? { 'cache-control': 'no-store' } : {}),
  ...(tls ? { 'strict-transport-security': strictTransport } : {}),
})

/** Whether a request came over TLS that ends here. */
export const isTls = ({ socket }: { socket: object }): boolean => 'encrypted' in socket && socket.encrypted === true

/** An onSend hook that puts them on. */
export const securityHeaders =
  (page: keyof typeof policies) =>
  async ({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(headersOf(page, isTls(raw)))
  }

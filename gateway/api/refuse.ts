import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import { headersOf, isTls } from './headers.ts'
import { mistakesOf, sentences } from './mistakes.ts'
import { isProblemStatus, problem, problemType, sendProblem } from './problem.ts'
import { type KnownRoute, methodsOf } from './route.ts'

/** What a request that went wrong is told: what to mend where the client can mend it, and nothing of our insides. */
export function refuseError(log: Log, error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const { validation, validationContext } = error
    // Of a body nothing is repeated: names, references and plates stand in it, and problems end in other people's logs.
    const sources = { params: request.params, body: {}, headers: request.headers }
    const given = (sources[validationContext as 'body'] ?? request.query ?? {}) as Record<string, unknown>
    const mistakes = mistakesOf(validation)
    return sendProblem(reply, problem(400, sentences(mistakes, given), { mistakes }))
  }
  // Fastify's own refusals: a body too large, not JSON, … Their messages are made for clients.
  const { statusCode } = error as FastifyError
  if (isProblemStatus(statusCode) && statusCode < 500) return sendProblem(reply, problem(statusCode, error.message))

  log.error({ route: request.routeOptions.url, err: error }, 'http.failed')
  if (error instanceof OperationalError && error.retryable) {
    reply.header('retry-after', '1')
    return sendProblem(reply, problem(503, 'The gateway can not answer this now; try again'))
  }
  return sendProblem(reply, problem(500, 'The gateway failed; its log says why'))
}

/** A path that isn't there, or one that is and doesn't know the method. */
export function refuseUnknown(routes: readonly KnownRoute[], request: FastifyRequest, reply: FastifyReply) {
  const path = request.url.split('?', 1)[0]!
  const methods = methodsOf(routes, path)
  if (methods.length === 0) return sendProblem(reply, problem(404, 'There is no such path; /openapi.json lists them'))
  reply.header('allow', methods.join(', '))
  return sendProblem(reply, problem(405, `${request.method} is not possible here; use ${methods.join(' or ')}`))
}

/** What can't be read as HTTP never becomes a request; the answer is written onto the socket by hand. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // Without TLS beneath there is no way to answer: the handshake was what failed.
  if (error.code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(error.code ?? '') || !socket.writable)
    return void socket.destroy()
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : (400 as const)
  const body = JSON.stringify(problem(status, 'This is not an HTTP request that the gateway can read'))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...Object.entries(headersOf('data', isTls({ socket }))).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

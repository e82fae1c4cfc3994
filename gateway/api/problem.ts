import type { FastifyReply } from 'fastify'
import { Problem } from '../../schemas/api.ts'

/** RFC 9457. `type` is always about:blank, so `title` is the status's own phrase and `detail` says what to mend. */
export const problemType = 'application/problem+json'

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const
export type ProblemStatus = keyof typeof titles

export const problem = (
  status: ProblemStatus,
  detail: string,
  more: Pick<Problem, 'mistakes' | 'checks' | 'stage' | 'by'> = {},
): Problem => ({ type: 'about:blank', title: titles[status], status, detail, ...more })

export const isProblemStatus = (status: number | undefined): status is ProblemStatus =>
  status !== undefined && Object.hasOwn(titles, status)

/** Serialised here, so that every refusal looks the same whether its route declared the status or not. */
export const sendProblem = (reply: FastifyReply, body: Problem): FastifyReply =>
  reply
    .code(body.status)
    .type(problemType)
    .serializer((value: unknown) => JSON.stringify(value))
    .send(body)

const descriptions: Partial<Record<ProblemStatus, string>> = {
  400: 'A parameter or the body is wrong; the problem names what, and says what it must be',
  401: 'No bearer token, or one that is not known',
  403: "The token's role is too low",
  404: 'There is no such thing',
  409: 'Not possible as things are; the problem says how they are',
  422: 'The Idempotency-Key stands for another request, or a file has mistakes',
  503: 'Not now; the same request may succeed later',
}

/** How a route's refusals stand in /openapi.json. */
export const refusals = (...statuses: ProblemStatus[]) =>
  Object.fromEntries(
    statuses.map(status => [
      status,
      { description: descriptions[status] ?? titles[status], content: { [problemType]: { schema: Problem } } },
    ]),
  )

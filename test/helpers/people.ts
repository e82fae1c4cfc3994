import type { Alarm } from '../../schemas/alarm.ts'
import { adminToken, type RunningGateway } from './gateway.ts'

/** What people do through the API, as admin; the parsed answer, whatever its status. */
// biome-ignore lint/suspicious/noExplicitAny: a body is what it is until a test has looked at it
export type Answer<T = any> = { status: number; headers: Headers; json: T }

export async function call<T>(
  gateway: Pick<RunningGateway, 'httpUrl'>,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  options: { body?: object; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const { body, headers } = options
  const response = await fetch(`${gateway.httpUrl}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as T }
}

export type Refused = { status: number; detail: string; stage?: string; by?: string }
export const post = <T = Alarm & Refused>(
  gateway: Pick<RunningGateway, 'httpUrl'>,
  path: string,
  body?: object,
  headers?: Record<string, string>,
): Promise<Answer<T>> =>
  call<T>(gateway, 'POST', path, {
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  })

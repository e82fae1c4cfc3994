import type { Alarm } from '../../schemas/alarm.ts'
import type { Fault, MessageType, WebhookMessage } from '../../schemas/webhook.ts'
import { iso } from '../clock.ts'

/** One webhook body with one id, and the endpoints it goes to. Its body never changes, whatever the number of attempts. */
export type Message = {
  id: string
  type: MessageType
  subject: string
  createdAt: number
  body: string
  endpoints: string[]
  /** It waits so long and takes the place of those of its type and subject that nobody was told of yet. */
  gatherMs?: number
}

/** Contract 5: the whole body stays under 20 kB. */
const maxBodyBytes = 20_000

export function alarmMessage(id: string, type: MessageType, alarm: Alarm, now: number, endpoints: string[]): Message {
  const bodyOf = (told: Alarm) => JSON.stringify(envelope(id, type, alarm.id, now, { alarm: told }))
  let told = alarm
  let body = bodyOf(told)
  while (Buffer.byteLength(body) >= maxBodyBytes) {
    const less = shortened(told)
    if (less === undefined) break
    told = less
    body = bodyOf(told)
  }
  return { id, type, subject: alarm.id, createdAt: now, body, endpoints }
}

/**
 * What gives way: the older half of the context, and when that is empty of the history but for its first line. undefined:
 * nothing is left to leave out; the registry's bounds on all other text keep what stays under the limit.
 */
function shortened(alarm: Alarm): Alarm | undefined {
  const { history } = alarm
  const { recent } = alarm.context
  if (recent.length > 0) return { ...alarm, context: { recent: recent.slice(0, recent.length >> 1) } }
  const [first, ...later] = history as [Alarm['history'][number], ...Alarm['history']]
  return later.length > 1 ? { ...alarm, history: [first, ...later.slice(-(later.length >> 1))] } : undefined
}

export const faultMessage = (id: string, fault: Fault, now: number, endpoints: string[]): Message =>
  newMessage(id, 'gateway.fault', fault.subject, now, { fault }, endpoints)

/** For data that is small by its schema's bounds. */
export function newMessage(
  id: string,
  type: MessageType,
  subject: string,
  now: number,
  data: WebhookMessage['data'],
  endpoints: string[],
): Message {
  return { id, type, subject, createdAt: now, body: JSON.stringify(envelope(id, type, subject, now, data)), endpoints }
}

const envelope = (
  id: string,
  type: MessageType,
  subject: string,
  now: number,
  data: WebhookMessage['data'],
): WebhookMessage => ({
  specversion: '1.0',
  id,
  source: '/gatehouse',
  type,
  time: iso(now),
  subject,
  datacontenttype: 'application/json',
  data,
})

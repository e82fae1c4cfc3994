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
}

/** Contract 5: the whole body stays under 20 kB, so the oldest of the context gives way first. */
const maxBodyBytes = 20_000

export function alarmMessage(id: string, type: MessageType, alarm: Alarm, now: number, endpoints: string[]): Message {
  const bodyWith = (recent: Alarm['context']['recent']) =>
    JSON.stringify(envelope(id, type, alarm.id, now, { alarm: { ...alarm, context: { ...alarm.context, recent } } }))
  let recent = alarm.context.recent
  let body = bodyWith(recent)
  while (Buffer.byteLength(body) >= maxBodyBytes && recent.length > 0) {
    recent = recent.slice(0, recent.length >> 1)
    body = bodyWith(recent)
  }
  return { id, type, subject: alarm.id, createdAt: now, body, endpoints }
}

export function faultMessage(id: string, fault: Fault, now: number, endpoints: string[]): Message {
  const body = JSON.stringify(envelope(id, 'gateway.fault', fault.subject, now, { fault }))
  return { id, type: 'gateway.fault', subject: fault.subject, createdAt: now, body, endpoints }
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

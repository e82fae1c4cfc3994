import type { Told } from '../../device-sim/chronicle.ts'
import type { MessageType, WebhookMessage } from '../../schemas/webhook.ts'

/** A message as a centre of a scenario got it. */
export const told = (type: MessageType, centre: string, atMs: number, data: WebhookMessage['data']): Told => ({
  centre,
  atMs,
  message: {
    specversion: '1.0',
    id: `${type}-${centre}-${atMs}`,
    source: '/gatehouse',
    type,
    time: '2026-11-24T00:00:00.000Z',
    subject: data.alarm?.id ?? data.device?.id ?? data.site?.id ?? data.fault?.subject ?? '',
    datacontenttype: 'application/json',
    data,
  },
})

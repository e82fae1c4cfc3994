import type { WebhookReply } from '../../schemas/webhook.ts'

/**
 * What an endpoint answered beside its 2xx (contract 5). Each field is judged by itself: an incident number that can't be used
 * must not cost an acknowledgement. A number counts as its digits; anything else is as if it weren't there.
 */
const maxIncidentNoLength = 64

export function readReply(text: string): WebhookReply {
  const { incidentNo, acknowledged } = objectIn(text)
  const number = typeof incidentNo === 'number' && Number.isFinite(incidentNo) ? String(incidentNo) : incidentNo
  const usable = typeof number === 'string' && number !== '' && number.length <= maxIncidentNoLength
  return { ...(usable ? { incidentNo: number } : {}), ...(acknowledged === true ? { acknowledged } : {}) }
}

function objectIn(text: string): { incidentNo?: unknown; acknowledged?: unknown } {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

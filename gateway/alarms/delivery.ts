import type { MessageType } from '../../schemas/webhook.ts'

/** One message on its way to one endpoint; it may take several attempts (contract 1). */
export type DueDelivery = {
  id: number
  /** The header webhook-id, constant over attempts. */
  messageId: string
  type: MessageType
  endpoint: string
  /** Alarm or device id. Messages of one subject reach an endpoint in their order. */
  subject: string
  attempts: number
  /** 4xx answers in a row. */
  refusals: number
  body: string
  createdAt: number
}

/** An endpoint answered 2xx. `reply` is what of its answer could be read. */
export type Settled = {
  deliveryId: number
  endpoint: string
  subject: string
  at: number
  status: number
  attempts: number
  reply: { incidentNo?: string | undefined; acknowledged?: boolean | undefined }
}

/** Not delivered: tried again at `dueAt`. `error` is for people and holds nothing that the endpoint sent. */
export type FailedAttempt = {
  deliveryId: number
  attempts: number
  refusals: number
  dueAt: number
  status: number | null
  error: string
}

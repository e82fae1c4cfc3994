import type { WebhookMessage } from '../schemas/webhook.ts'
import { Failure } from './arguments.ts'
import { monotonicMs } from './clock.ts'
import { untilDelivered } from './demo-gateway.ts'
import type { Fleet } from './fleet.ts'
import type { Received } from './receiver.ts'

/** The way of one alarm, in milliseconds since the press. */
export type AlarmWay = {
  alarmId: string
  pubackMs: number
  webhookMs: number
  deliveredMs: number
  incidentNo: string | null
}

export type Arrivals = { note: (received: Received) => void; of: (deviceId: string) => Promise<number> }

const deadlineMs = 15_000

/** Lets the demo wait for the first `alarm.raised` of a device; times are of the monotonic clock. */
export function watchArrivals(): Arrivals {
  const waiting = new Map<string, (atMs: number) => void>()
  const deviceOf = (message: WebhookMessage) => message.data.alarm?.device.id ?? ''
  return {
    note: ({ message }) => {
      if (message.type === 'alarm.raised') waiting.get(deviceOf(message))?.(monotonicMs())
    },
    of: deviceId =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Failure(`no webhook came for ${deviceId} within ${deadlineMs / 1000} s`)),
          deadlineMs,
        ).unref() // a demo that is being stopped does not wait for it
        waiting.set(deviceId, atMs => {
          clearTimeout(timer)
          waiting.delete(deviceId)
          resolve(atMs)
        })
      }),
  }
}

/** Presses the button over the fleet's own connection and follows the alarm to the centre and back. Throws Failure. */
export async function followPress(options: {
  fleet: Fleet
  arrivals: Arrivals
  button: { id: string; site: string }
  httpUrl: string
  token: string
}): Promise<AlarmWay> {
  const { fleet, arrivals, button, httpUrl, token } = options
  const arriving = arrivals.of(button.id)
  arriving.catch(() => {})
  const pressedMs = monotonicMs()
  const { pubackMs } = await fleet.say(button.id, {
    kind: 'alarm',
    data: { trigger: 'panic', state: 'raised', mode: 'actual' },
  })
  const webhookMs = (await arriving) - pressedMs
  const { alarm, atMs } = await untilDelivered({ httpUrl, token, site: button.site, deadlineMs })
  return { alarmId: alarm.id, pubackMs, webhookMs, deliveredMs: atMs - pressedMs, incidentNo: alarm.incidentNo }
}

import type { Shown, Told } from './chronicle.ts'
import { monotonicMs } from './clock.ts'
import type { Fleet } from './fleet.ts'
import { untilDelivered } from './gateway-process.ts'
import { indicateText } from './indicate.ts'
import { type Played, playedText } from './playing.ts'

/** The demo's press, told line by line as it happens, in milliseconds since it. */
export type PressStory = {
  /** The first `alarm.raised` and the messages after it. */
  told: (told: Told) => void
  acted: (played: Played, atMs: number) => void
  shown: (shown: Shown) => void
  /** Presses over the fleet's own connection. Resolves when the button shows that its alarm is closed. Throws Failure. */
  press: (fleet: Fleet, at: { httpUrl: string; token: string }) => Promise<void>
}

const deliveredWithinMs = 15_000

export function createPressStory(button: { id: string; site: string }, say: (line: string) => void): PressStory {
  let pressedMs: number | undefined
  const closed = Promise.withResolvers<void>()
  const line = (what: string, atMs: number, note: string) => {
    if (pressedMs !== undefined) say(storyLine(what, atMs - pressedMs, note))
  }
  return {
    told: ({ message: { type, data }, atMs }) => {
      if (type === 'alarm.raised' && data.alarm?.device.id === button.id)
        line('webhook', atMs, 'received, signature verified')
    },
    acted: (played, atMs) => {
      if (played.alarm.device.id === button.id) line('centre', atMs, `${playedText(played)} by the API`)
    },
    shown: ({ device, indicate, atMs }) => {
      if (device !== button.id) return
      line('button', atMs, `shows: ${indicateText(indicate)}`)
      if (indicate.stage === 'closed') closed.resolve()
    },
    press: async (fleet, access) => {
      pressedMs = monotonicMs()
      line('pressed', pressedMs, '')
      const { pubackMs } = await fleet.say(button.id, {
        kind: 'alarm',
        data: { trigger: 'panic', state: 'raised', mode: 'actual' },
      })
      line('pubacked', pressedMs + pubackMs, "it is on the gateway's disk")
      const { alarm, atMs } = await untilDelivered({ ...access, site: button.site, deadlineMs: deliveredWithinMs })
      line('delivered', atMs, `as GET /api/v1/alarms shows it: alarm ${alarm.id}`)
      await closed.promise
    },
  }
}

export const storyLine = (what: string, ms: number, note: string): string =>
  `  ${what.padEnd(9)} ${ms.toFixed(1).padStart(8)} ms   ${note}`.trimEnd()

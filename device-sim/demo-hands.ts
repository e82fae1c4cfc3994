import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Device, Site } from '../schemas/registry.ts'
import type { Fleet } from './fleet.ts'
import { untilStopped } from './stopping.ts'

/** Alarms that nobody but the person in front of the console takes over. */
export type Hands = {
  /** A message of the gateway's: says so when one of these alarms was closed. */
  told: (told: { type: string; device: string | undefined; disposition: string | null | undefined }) => void
  /** Presses once by itself, and again for each line of `lines`. Resolves when stopped. */
  press: (fleet: Fleet) => Promise<void>
}

export type HandsOptions = {
  buttons: readonly { site: Site; device: Device }[]
  say: (line: string) => void
  /** A terminal's input; undefined where nobody can press a key. */
  lines: Readable | undefined
  /** Until the first press, where nobody presses a key. */
  firstAfterMs: number
  stopped: AbortSignal
}

export function createHands({ buttons, say, lines, firstAfterMs, stopped }: HandsOptions): Hands {
  const pressed = new Set<string>()
  let next = 0
  return {
    told: ({ type, device, disposition }) => {
      if (type === 'alarm.closed' && device !== undefined && pressed.delete(device))
        say(`\nyou closed it (${disposition}): pressed, told, acknowledged and closed, all of it on disk\n`)
    },
    press: async fleet => {
      const press = () => {
        const button = buttons[next++ % buttons.length]
        if (button === undefined) return
        const { site, device } = button
        pressed.add(device.id)
        say(`\npressing the button of ${site.name}, ${device.placement} (${device.id}): it is yours, in the console`)
        fleet
          .say(device.id, { kind: 'alarm', data: { trigger: 'panic', state: 'raised', mode: 'actual' } })
          .catch((error: Error) => say(`not pressed: ${error.message}`))
      }
      const keys = lines && createInterface({ input: lines })
      keys?.on('line', press)
      await untilStopped(stopped, firstAfterMs)
      if (!stopped.aborted && next === 0) press()
      await untilStopped(stopped)
      keys?.close()
    },
  }
}

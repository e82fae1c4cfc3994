import { setTimeout as sleep } from 'node:timers/promises'
import { type ActionName, actionBodies } from '../schemas/actions.ts'
import type { Alarm } from '../schemas/alarm.ts'
import type { WebhookMessage } from '../schemas/webhook.ts'
import type { Acted, ActionBody, Api } from './api-client.ts'

/** A dispatch centre that takes each alarm through to its close by the API, like the people in it would. */
export type PlayStep = {
  action: ActionName /** After the step before; the first: after the message. */
  afterMs: number
}

export type Played = {
  alarm: Alarm
  action: ActionName
  /** Of the call. */
  tookMs: number
  acted: Acted
}

export type Player = {
  /** What came by webhook. A raised alarm begins its play, a closed one ends it. */
  note: (message: WebhookMessage) => void
  /** Ends all plays under way. */
  stop: () => void
}

/** The order of the steps. */
export const actionNames = Object.keys(actionBodies) as ActionName[]

export const defaultPlay: readonly PlayStep[] = [
  { action: 'acknowledge', afterMs: 2000 },
  { action: 'dispatch', afterMs: 2000 },
  { action: 'arrive', afterMs: 3000 },
  { action: 'close', afterMs: 3000 },
]

const maxAtOnce = 1000
const tries = 5
const retryMs = 500
const dispositionOf = { actual: 'real', drill: 'drill', test: 'test' } as const

export function createPlayer(options: {
  api: Api
  by: string
  steps: readonly PlayStep[]
  /** Those that it takes through; left out: all. */
  plays?: ((alarm: Alarm) => boolean) | undefined
  now: () => number
  onStep: (played: Played) => void
}): Player {
  const { api, by, steps, now, onStep, plays: isMine = () => true } = options
  /** By alarm, as the last message showed it: a real press on a drill changes how it is closed. */
  const plays = new Map<string, { alarm: Alarm; ended: AbortController }>()
  const all = new AbortController()

  const play = async (under: { alarm: Alarm }, signal: AbortSignal): Promise<void> => {
    for (const { action, afterMs } of steps) {
      await sleep(afterMs, undefined, { signal })
      const { alarm } = under
      const startMs = now()
      const acted = await actSurely(api, alarm, action, bodyOf(action, alarm, by), signal)
      if (signal.aborted) return
      onStep({ alarm, action, tookMs: now() - startMs, acted })
      // Somebody else was faster, or it is closed: what follows is theirs.
      if (acted.result !== 'done') return
    }
  }
  return {
    note: ({ type, data: { alarm } }) => {
      if (alarm === undefined) return
      const known = plays.get(alarm.id)
      if (known !== undefined) known.alarm = alarm
      if (type === 'alarm.closed') known?.ended.abort()
      if (
        type !== 'alarm.raised' ||
        !isMine(alarm) ||
        known !== undefined ||
        plays.size >= maxAtOnce ||
        all.signal.aborted
      )
        return
      const under = { alarm, ended: new AbortController() }
      plays.set(alarm.id, under)
      play(under, AbortSignal.any([under.ended.signal, all.signal]))
        .catch(error => {
          if (error.name !== 'AbortError') throw error
        })
        .finally(() => plays.delete(alarm.id))
    },
    stop: () => all.abort(),
  }
}

/** Tried again under the same key while nobody knows whether it was done. */
async function actSurely<A extends ActionName>(
  api: Api,
  alarm: Alarm,
  action: A,
  body: ActionBody<A>,
  signal: AbortSignal,
): Promise<Acted> {
  for (let attempt = 1; ; attempt++) {
    const acted = await api.act(alarm.id, action, body, `${alarm.id}-${action}`)
    if (acted.result !== 'unsure' || attempt === tries) return acted
    await sleep(retryMs, undefined, { signal })
  }
}

/** What a person enters. A drill is closed as a drill. */
export function bodyOf(action: ActionName, alarm: Alarm, by: string): ActionBody<ActionName> {
  const bodies = {
    acknowledge: { by },
    dispatch: { by, unit: 'patrol 1' },
    arrive: { by, unit: 'patrol 1' },
    close: { by, disposition: dispositionOf[alarm.mode] },
  }
  return bodies[action] as ActionBody<ActionName>
}

export const playedText = ({ action, tookMs, acted }: Played): string =>
  acted.result === 'done' ? `${action} ${tookMs.toFixed(1)} ms` : `${action} ${acted.result}: ${acted.why}`

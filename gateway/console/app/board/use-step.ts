import { useRef, useState } from 'preact/hooks'
import type { ActionName } from '../../../../schemas/actions.ts'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { ApiError } from '../api.ts'
import { useStation } from '../station.ts'

/** What became of the last step that was tried and not done. */
export type Trouble =
  | { is: 'conflict'; by: string | undefined; stage: Alarm['stage'] }
  | { is: 'unsure' }
  | { is: 'refused'; why: string }

/**
 * Takes a step of an alarm. Each step has a key of its own, which stays while nobody knows whether it was done, so that it can be
 * pressed again and is done once. `take` resolves to whether it was done.
 */
export function useStep(alarm: Alarm) {
  const { api, world } = useStation()
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | undefined>()
  const pending = useRef<{ request: string; key: string } | undefined>(undefined)

  async function take(action: ActionName, body: object): Promise<boolean> {
    const request = JSON.stringify([alarm.id, action, body])
    if (pending.current?.request !== request) pending.current = { request, key: newKey() }
    setBusy(true)
    setTrouble(undefined)
    try {
      world.takeAlarm(
        await api.post<Alarm>(`alarms/${encodeURIComponent(alarm.id)}/${action}`, body, pending.current.key),
      )
      pending.current = undefined
      return true
    } catch (error) {
      const found = troubleOf(error)
      setTrouble(found)
      if (found.is !== 'unsure') pending.current = undefined
      if (found.is === 'conflict') await api.alarm(alarm.id).then(world.takeAlarm, () => {})
      return false
    } finally {
      setBusy(false)
    }
  }
  return { busy, trouble, take, forget: () => setTrouble(undefined) }
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ApiError)) return { is: 'unsure' }
  const { status, problem, message } = error
  if (status === 409 && problem?.stage !== undefined) return { is: 'conflict', by: problem.by, stage: problem.stage }
  return status === 0 || status === 429 || status >= 500 ? { is: 'unsure' } : { is: 'refused', why: message }
}

/** Not randomUUID: browsers have that on https and localhost only. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')

import { useRef, useState } from 'preact/hooks'
import type { ActionName } from '../../../../schemas/actions.ts'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { useStation } from '../station.ts'
import { isStillSo, type Trouble, troubleOf } from './trouble.ts'

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
      const found = troubleOf(error, action)
      setTrouble(found)
      if (found.is !== 'unsure') pending.current = undefined
      if (found.is === 'conflict') await api.alarm(alarm.id).then(world.takeAlarm, () => {})
      return false
    } finally {
      setBusy(false)
    }
  }
  const told = trouble !== undefined && isStillSo(trouble, alarm) ? trouble : undefined
  return { busy, trouble: told, take, forget: () => setTrouble(undefined) }
}

/** Not randomUUID: browsers have that on https and localhost only. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')

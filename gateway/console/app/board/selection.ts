import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { hashOf, type Route } from '../route.ts'
import type { World } from '../world.ts'
import { isUnacknowledged } from './deadline.ts'
import { inOrder, shownOf } from './order.ts'

/** Which alarm is open: the one in the address, else one that opened by itself. Outlives a look at another page. */
export type Selection = {
  readonly list: ReadonlySignal<readonly Alarm[]>
  /** The id that is asked for by the address, whether it is known or not. */
  readonly asked: ReadonlySignal<string | undefined>
  readonly shown: ReadonlySignal<Alarm | undefined>
  choose(id: string): void
  /** Puts the open one away; it doesn't open by itself again. */
  dismiss(): void
  /** The open one was closed: it stays to be seen, unless another waits. */
  finish(): void
}

export function createSelection(world: World, route: ReadonlySignal<Route>, window: Window): Selection {
  const list = computed(() => inOrder(world.open.value))
  const asked = computed(() => (route.value.page === 'alarm' ? route.value.rest : undefined))
  const dismissed = signal<ReadonlySet<string>>(new Set())
  /** Remembered, so that taking over one alarm doesn't make another jump into its place. */
  let lastId: string | undefined
  const shown = computed(() => {
    const alarms = world.alarms.value
    if (asked.value !== undefined) {
      lastId = asked.value
      return alarms.get(asked.value)
    }
    const last = lastId === undefined || dismissed.value.has(lastId) ? undefined : alarms.get(lastId)
    const next = shownOf(last, world.open.value, dismissed.value)
    lastId = next?.id
    return next
  })
  const go = (hash: string) => {
    if (window.location.hash !== hash) window.location.hash = hash
  }
  let known = new Set<string>()
  effect(() => {
    const open = world.open.value
    const isNew = open.some(alarm => !known.has(alarm.id) && isUnacknowledged(alarm))
    known = new Set(open.map(({ id }) => id))
    // Who looks at what is over must not miss what begins.
    if (isNew && asked.peek() !== undefined && shown.peek()?.stage === 'closed') go('#/')
  })
  return {
    list,
    asked,
    shown,
    choose: id => {
      dismissed.value = new Set([...dismissed.value].filter(other => other !== id))
      go(hashOf('alarm', {}, id))
    },
    finish: () => go('#/'),
    dismiss: () => {
      const id = shown.peek()?.id
      if (id !== undefined) dismissed.value = new Set([...dismissed.value, id])
      go('#/')
    },
  }
}

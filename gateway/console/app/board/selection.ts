import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { hashOf, type Route } from '../route.ts'
import type { World } from '../world.ts'
import { isUnacknowledged } from './deadline.ts'
import { asSeen, inOrder, shownOf } from './order.ts'

/** Which alarm is open: the one in the address, else one that opened by itself. Outlives a look at another page. */
export type Selection = {
  readonly list: ReadonlySignal<readonly Alarm[]>
  /** The id that is asked for by the address, whether it is known or not. */
  readonly asked: ReadonlySignal<string | undefined>
  readonly shown: ReadonlySignal<Alarm | undefined>
  choose(id: string): void
  /** Puts the open one away; it doesn't open by itself again. */
  dismiss(): void
  /** It was closed: it stays to be seen, unless another waits. Nothing where one has gone on to something else meanwhile. */
  finish(id: string): void
}

/** Of the browser's window. */
type Address = { location: { hash: string } }

export function createSelection(
  world: Pick<World, 'alarms' | 'open'>,
  route: ReadonlySignal<Route>,
  window: Address,
): Selection {
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
    const last = lastId === undefined ? undefined : alarms.get(lastId)
    const isAway = last !== undefined && dismissed.value.has(asSeen(last))
    const next = shownOf(isAway ? undefined : last, world.open.value, dismissed.value)
    lastId = next?.id
    return next
  })
  const go = (hash: string) => {
    if (window.location.hash !== hash) window.location.hash = hash
  }
  let known = new Set<string>()
  effect(() => {
    const open = world.open.value
    const isNew = open.some(alarm => !known.has(asSeen(alarm)) && isUnacknowledged(alarm))
    known = new Set(open.map(asSeen))
    // Who looks at what is over must not miss what begins.
    if (isNew && asked.peek() !== undefined && shown.peek()?.stage === 'closed') go('#/')
  })
  return {
    list,
    asked,
    shown,
    choose: id => {
      const alarm = world.alarms.peek().get(id)
      if (alarm !== undefined) dismissed.value = new Set([...dismissed.value].filter(other => other !== asSeen(alarm)))
      go(hashOf('alarm', {}, id))
    },
    finish: id => {
      if (asked.peek() === id) go('#/')
    },
    dismiss: () => {
      const alarm = shown.peek()
      if (alarm !== undefined) dismissed.value = new Set([...dismissed.value, asSeen(alarm)])
      go('#/')
    },
  }
}

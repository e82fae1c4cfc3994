import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Alarm } from '../../../schemas/alarm.ts'
import type { DeviceView, SiteView } from '../../../schemas/api.ts'
import type { StreamCounters } from '../../../schemas/stream.ts'
import type { Api } from './api.ts'
import type { Clock } from './clock.ts'
import type { LiveEvent } from './live.ts'
import { newer, withPresence } from './merge.ts'

/** What is known, from the lists and the stream together. Alarms: all open ones, and the last closed ones. */
export type World = {
  readonly sites: ReadonlySignal<readonly SiteView[]>
  readonly devices: ReadonlySignal<readonly DeviceView[]>
  /** By id. */
  readonly alarms: ReadonlySignal<ReadonlyMap<string, Alarm>>
  readonly open: ReadonlySignal<readonly Alarm[]>
  readonly closed: ReadonlySignal<readonly Alarm[]>
  readonly counters: ReadonlySignal<StreamCounters | undefined>
  take(event: LiveEvent): void
  /** An answer of the API that holds an alarm. */
  takeAlarm(alarm: Alarm): void
  readAll(api: Api, clock: Clock, signal: AbortSignal): Promise<void>
  readDevices(api: Api, signal?: AbortSignal): Promise<void>
  forget(): void
}

const closedRead = 200
const closedKept = 1000

export function createWorld(): World {
  const sites = signal<readonly SiteView[]>([])
  const devices = signal<readonly DeviceView[]>([])
  const alarms = signal<ReadonlyMap<string, Alarm>>(new Map())
  const counters = signal<StreamCounters | undefined>(undefined)
  /** What the stream said of devices while a list was on its way: newer than the list. */
  let told: { device: string; presence: DeviceView['presence'] }[] | undefined

  const put = (given: readonly Alarm[]) => {
    const next = new Map(alarms.peek())
    for (const alarm of given) next.set(alarm.id, newer(next.get(alarm.id), alarm))
    const closed = [...next.values()].filter(({ stage }) => stage === 'closed')
    for (const { id } of closed.slice(0, Math.max(0, closed.length - closedKept))) next.delete(id)
    alarms.value = next
  }

  const readDevices = async (api: Api, abort?: AbortSignal) => {
    told = []
    const { items } = await api.get('devices', {}, abort)
    devices.value = told === undefined ? items : told.reduce(withPresence, items)
    told = undefined
  }

  const all = computed(() => [...alarms.value.values()])
  return {
    sites,
    devices,
    alarms,
    open: computed(() => all.value.filter(({ stage }) => stage !== 'closed')),
    closed: computed(() => all.value.filter(({ stage }) => stage === 'closed')),
    counters,
    take(event) {
      if (event.name === 'alarm') put([event.data.alarm])
      else if (event.name === 'counters') counters.value = event.data
      else if (event.name === 'presence') {
        told?.push(event.data)
        devices.value = withPresence(devices.peek(), event.data)
      } else {
        // All that are open: what was open here and is not among them was closed meanwhile; the list says how.
        const open = new Set(event.data.alarms.map(({ id }) => id))
        alarms.value = new Map([...alarms.peek()].filter(([id, { stage }]) => stage === 'closed' || open.has(id)))
        put(event.data.alarms)
      }
    },
    takeAlarm: alarm => put([alarm]),
    async readAll(api, clock, abort) {
      const asked = clock.own()
      const [me, siteList, closed] = await Promise.all([
        api.get('me', {}, abort),
        api.get('sites', {}, abort),
        api.get('alarms', { stage: 'closed', limit: closedRead }, abort),
        readDevices(api, abort),
      ])
      clock.heard(me.now, clock.own(), asked)
      sites.value = siteList.items
      put(closed.items)
    },
    readDevices,
    forget() {
      sites.value = []
      devices.value = []
      alarms.value = new Map()
      counters.value = undefined
    },
  }
}

import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Alarm } from '../../../schemas/alarm.ts'
import type { DeviceView, SiteView } from '../../../schemas/api.ts'
import type { StreamCounters } from '../../../schemas/stream.ts'
import type { Api } from './api.ts'
import type { ListName } from './lists.ts'
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
  /** Throws ApiError. */
  read(name: ListName, api: Pick<Api, 'get'>, signal?: AbortSignal): Promise<void>
  forget(): void
}

type Told = { device: string; presence: DeviceView['presence'] }

const closedRead = 200
const closedKept = 1000

export function createWorld(): World {
  const sites = signal<readonly SiteView[]>([])
  const devices = signal<readonly DeviceView[]>([])
  const alarms = signal<ReadonlyMap<string, Alarm>>(new Map())
  const counters = signal<StreamCounters | undefined>(undefined)
  /** What the stream said of devices while a list was on its way: newer than the list. One for each list that is. */
  const told = new Set<Told[]>()
  let asked = 0
  let taken = 0

  const put = (given: readonly Alarm[]) => {
    const next = new Map(alarms.peek())
    for (const alarm of given) next.set(alarm.id, newer(next.get(alarm.id), alarm))
    const closed = [...next.values()].filter(({ stage }) => stage === 'closed')
    for (const { id } of closed.slice(0, Math.max(0, closed.length - closedKept))) next.delete(id)
    alarms.value = next
  }

  const readDevices = async (api: Pick<Api, 'get'>, abort?: AbortSignal) => {
    const meanwhile: Told[] = []
    const turn = ++asked
    told.add(meanwhile)
    try {
      const { items } = await api.get('devices', {}, abort)
      // One that was asked for later was faster.
      if (turn < taken) return
      taken = turn
      devices.value = meanwhile.reduce(withPresence, items as readonly DeviceView[])
    } finally {
      told.delete(meanwhile)
    }
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
        for (const meanwhile of told) meanwhile.push(event.data)
        devices.value = withPresence(devices.peek(), event.data)
      } else {
        // All that are open: what was open here and is not among them was closed meanwhile; the list says how.
        const open = new Set(event.data.alarms.map(({ id }) => id))
        alarms.value = new Map([...alarms.peek()].filter(([id, { stage }]) => stage === 'closed' || open.has(id)))
        put(event.data.alarms)
      }
    },
    takeAlarm: alarm => put([alarm]),
    async read(name, api, abort) {
      if (name === 'devices') await readDevices(api, abort)
      else if (name === 'sites') sites.value = (await api.get('sites', {}, abort)).items
      else put((await api.get('alarms', { stage: 'closed', limit: closedRead }, abort)).items)
    },
    forget() {
      sites.value = []
      devices.value = []
      alarms.value = new Map()
      counters.value = undefined
    },
  }
}

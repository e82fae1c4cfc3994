import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { type Api, createApi } from './api.ts'
import { createSelection, type Selection } from './board/selection.ts'
import { type Clock, createClock } from './clock.ts'
import { createLists, type Lists } from './lists.ts'
import { createLive, type Live } from './live.ts'
import { parseHash, type Route } from './route.ts'
import { createSession, type SessionKeeper } from './session.ts'
import { createSettings, type Settings } from './settings.ts'
import { createSound, type Sound } from './sound.ts'
import { createWorld, type World } from './world.ts'

/** All that one officer's console is made of. Pages get it by `useStation()`. */
export type Station = {
  readonly settings: Settings
  readonly session: SessionKeeper
  readonly api: Api
  readonly live: Live
  readonly clock: Clock
  /** Keeps `world`'s lists right while `live` is. */
  readonly lists: Lists
  /** What is known of sites, devices and alarms; true while `live` is, but for lists that failed. */
  readonly world: World
  readonly route: ReadonlySignal<Route>
  /** Which alarm is open on the board. */
  readonly selection: Selection
  readonly sound: Sound
  start(): void
}

export const StationContext = createContext<Station | undefined>(undefined)
export const useStation = (): Station => useContext(StationContext) as Station

export function createStation(window: Window & typeof globalThis): Station {
  const settings = createSettings(window.localStorage, window.document.documentElement)
  const clock = createClock()
  const session = createSession(window.sessionStorage)
  const api = createApi({ token: session.token, onUnknownToken: () => session.leave('unknown') })
  const world = createWorld()
  const lists = createLists((name, signal) => world.read(name, api, signal))
  const live = createLive({
    api,
    clock,
    onEvent: (event, heardAt) => {
      if (event.name === 'counters') clock.heard(event.data.at, heardAt)
      world.take(event)
      // It says who came and went; when a device was heard last only the list does.
      if (event.name === 'presence') lists.soon('devices')
    },
    async greet(signal) {
      const asked = clock.own()
      const me = await api.get('me', {}, signal)
      clock.heard(me.now, clock.own(), asked)
      session.is(me)
    },
  })
  const route = signal(parseHash(window.location.hash))
  const selection = createSelection(world, route, window)
  const sound = createSound(window)
  const station: Station = {
    settings,
    session,
    api,
    live,
    clock,
    lists,
    world,
    route,
    selection,
    sound,
    start() {
      window.addEventListener('hashchange', () => {
        route.value = parseHash(window.location.hash)
      })
      for (const event of ['online', 'focus', 'pageshow']) window.addEventListener(event, live.hurry)
      effect(() => {
        if (session.session.value === undefined) {
          live.stop()
          world.forget()
          sound.unmute()
        } else live.start()
      })
      effect(() => {
        if (live.state.value.is === 'live') lists.start()
        else lists.stop()
      })
    },
  }
  return station
}

import { effect } from '@preact/signals'
import { isBlind, isRinging, titleOf } from './ring.ts'
import type { Station } from './station.ts'
import { frameWords } from './words/frame.ts'

/** How often one is reminded that nothing comes. */
const blindEveryMs = 20_000

/** Sound and title follow what is open, once a second, on whatever page one is. */
export function startRinging(station: Station, document: Document): void {
  const { world, clock, sound, settings, live, session } = station
  let known = new Set<string>()
  let rungAt = 0
  let lostFrom: number | undefined
  let remindedAt = 0
  effect(() => {
    const open = world.open.value
    const now = clock.now.value
    const rings = open.some(isRinging)
    // Either way: the gateway's clock may have been set back.
    if (rings && Math.abs(now - rungAt) >= 900) {
      rungAt = now
      sound.ring()
    }
    if (!rings && open.some(({ id, mode }) => mode !== 'actual' && !known.has(id))) sound.murmur()
    known = new Set(open.map(({ id }) => id))
    const { is } = live.state.value
    lostFrom = is === 'lost' ? (lostFrom ?? now) : undefined
    const blind = isBlind(is, now - (lostFrom ?? now), session.left.value)
    if (blind && !rings && Math.abs(now - remindedAt) >= blindEveryMs) {
      remindedAt = now
      sound.murmur()
    }
    const { shout, notLive } = frameWords[settings.language.value]
    document.title = titleOf(open, now, shout, blind ? notLive : undefined)
  })
}

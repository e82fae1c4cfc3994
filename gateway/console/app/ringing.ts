import { effect } from '@preact/signals'
import { isRinging, titleOf } from './ring.ts'
import type { Station } from './station.ts'
import { frameWords } from './words/frame.ts'

/** Sound and title follow what is open, once a second, on whatever page one is. */
export function startRinging({ world, clock, sound, settings }: Station, document: Document): void {
  let known = new Set<string>()
  let rungAt = 0
  effect(() => {
    const open = world.open.value
    const now = clock.now.value
    const rings = open.some(isRinging)
    if (rings && now - rungAt >= 900) {
      rungAt = now
      sound.ring()
    }
    if (!rings && open.some(({ id, mode }) => mode !== 'actual' && !known.has(id))) sound.murmur()
    known = new Set(open.map(({ id }) => id))
    document.title = titleOf(open, now, frameWords[settings.language.value].shout)
  })
}

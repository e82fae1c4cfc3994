import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Me, Role } from '../../../schemas/api.ts'

/** Who sits here. Kept until the tab is closed, so that a reload asks for nothing. */
export type Session = { token: string; name: string; role: Role }
/** Why one is asked to log in: `unknown`: the token counts no more. */
export type Left = 'unknown' | 'left'

export type SessionKeeper = {
  readonly session: ReadonlySignal<Session | undefined>
  readonly left: ReadonlySignal<Left | undefined>
  token: () => string | undefined
  mayAct: ReadonlySignal<boolean>
  mayAdminister: ReadonlySignal<boolean>
  enter(token: string, me: Me): void
  /** What the gateway says now of whoever is in: a name or role may have been changed. */
  is(me: Pick<Me, 'name' | 'role'>): void
  leave(why: Left): void
}

const place = 'gatehouse.session'

export function createSession(storage: Storage): SessionKeeper {
  const session = signal<Session | undefined>(parse(storage.getItem(place)))
  const left = signal<Left | undefined>(undefined)
  const put = (next: Session) => {
    session.value = next
    storage.setItem(place, JSON.stringify(next))
  }
  return {
    session,
    left,
    token: () => session.peek()?.token,
    mayAct: computed(() => session.value !== undefined && session.value.role !== 'viewer'),
    mayAdminister: computed(() => session.value?.role === 'admin'),
    enter(token, { name, role }) {
      put({ token, name, role })
      left.value = undefined
    },
    is({ name, role }) {
      const known = session.peek()
      if (known !== undefined && (known.name !== name || known.role !== role)) put({ ...known, name, role })
    },
    leave(why) {
      session.value = undefined
      left.value = why
      storage.removeItem(place)
    },
  }
}

function parse(text: string | null): Session | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as Session)
  } catch {
    return undefined
  }
}

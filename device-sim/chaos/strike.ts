import { setTimeout as after } from 'node:timers/promises'
import type { Outage } from '../audit/outages.ts'
import type { Clock } from '../clock.ts'
import { blowText, hindersAlarms, type LineName, type Planned, type ServerName, servers } from './plan.ts'
import type { World } from './world.ts'

/** Strikes as planned, and keeps account of what was down when. Blows on one target wait for each other. */
export type Striker = {
  /** Resolves when all of it is over and healed. */
  run: (plan: readonly Planned[], over: AbortSignal) => Promise<void>
  /** A server that ended by itself is started again, in its turn. */
  revive: (server: ServerName, how: string) => void
  /** While an alarm's way was interrupted. */
  outages: readonly Outage[]
  /** What ended by itself, and how. */
  died: readonly string[]
}

export function createStriker(world: () => World, clock: Clock, say: (line: string) => void): Striker {
  const outages: Outage[] = []
  const died: string[] = []
  const busy = new Map<string, Promise<void>>()
  const inTurn = (target: string, work: () => Promise<void>): Promise<void> => {
    const turn = (busy.get(target) ?? Promise.resolve()).then(work)
    busy.set(
      target,
      turn.catch(() => {}),
    )
    return turn
  }
  const lasting = async (what: string, hinders: boolean, work: () => Promise<void>) => {
    const fromMs = clock()
    try {
      await work()
    } finally {
      if (hinders) outages.push({ fromMs, toMs: clock(), what })
    }
  }
  const strike = async (blow: Planned, over: AbortSignal) => {
    if (over.aborted) return
    const last = () => after(blow.forMs, undefined, { signal: over }).catch(() => {})
    say(`${blow.on}: ${blowText(blow)} for ${blow.forMs} ms`)
    await lasting(`${blow.on} ${blow.what}`, hindersAlarms(blow), () => suffer(world(), blow, last))
  }
  return {
    outages,
    died,
    run: async (plan, over) => {
      const startMs = clock()
      const blows: Promise<void>[] = []
      for (const blow of plan) {
        const waitMs = startMs + blow.atMs - clock()
        if (waitMs > 0) await after(waitMs, undefined, { signal: over }).catch(() => {})
        if (over.aborted) break
        blows.push(inTurn(blow.on, () => strike(blow, over)))
      }
      await Promise.all(blows)
      await Promise.all(busy.values())
    },
    revive: (server, how) => {
      died.push(`${server} ${how}`)
      say(`${server} ended by itself: ${how}`)
      void inTurn(server, () => lasting(`${server} died`, server !== 'InfluxDB', () => world().servers[server].start()))
    },
  }
}

async function suffer(world: World, blow: Planned, last: () => Promise<void>): Promise<void> {
  if (blow.on === 'disk') {
    if (typeof world.disk === 'string') return
    world.disk.fill()
    await last()
    world.disk.free()
  } else if (isServer(blow.on)) {
    const server = world.servers[blow.on]
    if (blow.what === 'freeze') {
      server.freeze()
      await last()
      server.thaw()
    } else {
      await server.kill()
      await last()
      await server.start()
    }
  } else if ('weather' in blow) {
    const line = world.lines[blow.on as LineName]
    line.set(blow.weather)
    await last()
    line.set({ kind: 'clear' })
  }
}

const isServer = (target: string): target is ServerName => (servers as readonly string[]).includes(target)

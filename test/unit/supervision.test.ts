import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heartbeatMs, silentAfterMs } from '../../gateway/devices/rhythm.ts'
import { type Report, Supervision, type Told, type Watched } from '../../gateway/devices/supervision.ts'
import { type DeviceKind, deviceKinds } from '../../schemas/registry.ts'

const secondMs = 1000
const minuteMs = 60_000
const startedAt = Date.UTC(2026, 8, 1, 8, 0, 0)

const watched = (kinds: DeviceKind[], site = 'school-01'): Watched[] =>
  kinds.map((kind, index) => ({ id: `${site}-${index + 1}`, site, kind }))

/** A fleet under a clock that only the test moves: each device that is `alive` heartbeats at its phase, supervision ticks each second. */
function world(devices: Watched[], options: { phases?: number[]; told?: Told } = {}) {
  const maintained = new Set<string>()
  const supervision = new Supervision({
    devices,
    startedAt,
    ...(options.told === undefined ? {} : { told: options.told }),
    isMaintained: ({ id, site }) => maintained.has(id) || maintained.has(site),
  })
  const alive = new Set(devices.map(({ id }) => id))
  const nextAt = new Map(devices.map(({ id }, index) => [id, startedAt + (options.phases?.[index] ?? index)]))
  const told: (Report & { at: number })[] = []
  let now = startedAt
  return {
    supervision,
    maintained,
    told,
    now: () => now,
    die: (...ids: string[]) => {
      for (const id of ids) alive.delete(id)
    },
    /** Back at this moment, with a heartbeat. */
    live: (...ids: string[]) => {
      for (const id of ids) {
        alive.add(id)
        nextAt.set(id, now)
      }
    },
    run(forMs: number) {
      const until = now + forMs
      for (; now < until; now += secondMs) {
        for (const { id, kind } of devices) {
          const due = nextAt.get(id) as number
          if (!alive.has(id) || due > now) continue
          supervision.seen(id, due)
          nextAt.set(id, due + heartbeatMs[kind])
        }
        told.push(...supervision.tick(now).map(report => ({ ...report, at: now })))
      }
    },
    /** The clock moves, or the gateway is stopped, without a tick. */
    jump: (byMs: number) => {
      now += byMs
    },
  }
}
/** Who stands as silent after these reports. Throws where one is told as silent twice, or as recovered from nothing. */
function standing(told: readonly Report[]): { devices: Set<string>; sites: Map<string, Set<string>>; reports: number } {
  const devices = new Set<string>()
  const sites = new Map<string, Set<string>>()
  for (const report of told) {
    const named = report.of === 'site' ? report.devices : [report.device]
    const lost = [...sites.values()].find(members => named.some(id => members.has(id)))
    if (report.what === 'silent' && (lost !== undefined || named.some(id => devices.has(id))))
      throw new Error(`silent twice: ${named}`)
    if (report.of === 'site' && report.what === 'silent')
      sites.set(report.site, new Set([...(sites.get(report.site) ?? []), ...named]))
    else if (report.of === 'site') {
      if (!sites.delete(report.site)) throw new Error(`${report.site} recovered from nothing`)
    } else if (report.what === 'silent') devices.add(report.device)
    else if (!devices.delete(report.device) && sites.size === 0)
      throw new Error(`${report.device} recovered from nothing`)
  }
  return { devices, sites, reports: told.length }
}
const ids = (devices: Watched[]) => devices.map(({ id }) => id)
const brief = (told: (Report & { at: number })[]) =>
  told.map(
    report =>
      `${report.what} ${report.of === 'site' ? report.site : report.device}${report.flapping ? ' flapping' : ''}`,
  )

describe('one device', () => {
  test.each(deviceKinds.map(kind => [kind, silentAfterMs(kind) / secondMs] as const))(
    '%s is silent after %d s, told within one more, and recovered with its next message',
    (kind, seconds) => {
      const { run, die, live, told, supervision, now } = world(watched([kind]))
      run(10 * minuteMs)
      expect(told).toEqual([])
      die('school-01-1')
      const lastSeenAt = supervision.lastSeenAt('school-01-1') as number
      run(lastSeenAt + seconds * secondMs - now())
      expect(told).toEqual([])
      run(2 * secondMs)
      expect(told).toMatchObject([{ what: 'silent', device: 'school-01-1', lastSeenAt, flapping: false }])
      expect(supervision.presence('school-01-1')).toBe('silent')
      run(60 * minuteMs)
      live('school-01-1')
      run(2 * secondMs)
      expect(brief(told)).toEqual(['silent school-01-1', 'recovered school-01-1'])
      expect(supervision.presence('school-01-1')).toBe('online')
    },
  )

  test('that was never heard is unknown, and silent when its time is over since the start', () => {
    const { run, die, told, supervision } = world(watched(['panic-button']))
    die('school-01-1')
    run(90 * secondMs)
    expect([told, supervision.presence('school-01-1')]).toEqual([[], 'unknown'])
    run(secondMs)
    expect(told).toMatchObject([{ what: 'silent', device: 'school-01-1', lastSeenAt: null }])
  })

  test('that comes and goes is told three times, then stands as silent until it was steady for half an hour', () => {
    const { run, die, live, told } = world(watched(['panic-button']))
    for (let round = 0; round < 12; round++) {
      die('school-01-1')
      run(2 * minuteMs)
      live('school-01-1')
      run(2 * minuteMs)
    }
    const before = ['silent', 'recovered', 'silent', 'recovered', 'silent'].map(what => `${what} school-01-1`)
    expect(brief(told)).toEqual([...before.slice(0, 4), 'silent school-01-1 flapping'])
    run(27 * minuteMs)
    expect(told).toHaveLength(5)
    run(2 * minuteMs)
    expect(brief(told).slice(5)).toEqual(['recovered school-01-1 flapping'])
    die('school-01-1')
    run(3 * minuteMs)
    expect(brief(told).slice(6)).toEqual(['silent school-01-1'])
  })

  test('is not told in a maintenance window, and is when that is over and it is still silent', () => {
    const { run, die, maintained, told, supervision } = world(watched(['panic-button']))
    run(minuteMs)
    maintained.add('school-01-1')
    die('school-01-1')
    run(30 * minuteMs)
    expect([told, supervision.presence('school-01-1')]).toEqual([[], 'silent'])
    maintained.clear()
    run(secondMs)
    expect(brief(told)).toEqual(['silent school-01-1'])
  })

  test('that came back within its maintenance window was never told', () => {
    const { run, die, live, maintained, told } = world(watched(['panic-button']))
    maintained.add('school-01')
    run(minuteMs)
    die('school-01-1')
    run(10 * minuteMs)
    live('school-01-1')
    run(minuteMs)
    maintained.clear()
    run(10 * minuteMs)
    expect(told).toEqual([])
  })
})

describe('status and will', () => {
  const button = 'school-01-1'
  const started = (boot: number) => {
    const { supervision } = world(watched(['panic-button']))
    supervision.seen(button, startedAt)
    supervision.status(button, 'online', boot, false, startedAt)
    return supervision
  }

  test.each([
    ['its own boot number: offline', 7, 'offline'],
    ['an older boot number: nothing', 6, 'online'],
  ] as const)('a will with %s', (_, boot, presence) => {
    const supervision = started(7)
    supervision.status(button, 'offline', boot, true, startedAt + 500)
    expect(supervision.presence(button)).toBe(presence)
  })

  test('a will that came before the device was seen again says nothing', () => {
    const supervision = started(7)
    supervision.seen(button, startedAt + 501)
    supervision.status(button, 'offline', 7, true, startedAt + 500)
    expect(supervision.presence(button)).toBe('online')
  })

  test('of its own word the boot number counts also where it begins anew', () => {
    const supervision = started(7)
    supervision.status(button, 'online', 1, false, startedAt + 500)
    supervision.status(button, 'offline', 1, true, startedAt + 600)
    expect(supervision.presence(button)).toBe('offline')
  })

  test('offline is not silent: that is told at its time, and a sign of life makes it online', () => {
    const { supervision, run, die, told } = world(watched(['panic-button']))
    run(secondMs)
    die(button)
    supervision.status(button, 'offline', 7, true, startedAt + secondMs)
    run(80 * secondMs)
    expect([supervision.presence(button), told]).toEqual(['offline', []])
    run(12 * secondMs)
    expect([supervision.presence(button), brief(told)]).toEqual(['silent', [`silent ${button}`]])
  })
})

describe('the gateway itself', () => {
  const kinds: DeviceKind[] = Array.from({ length: 50 }, (_, index) => deviceKinds[index % 5] as DeviceKind)

  test.each([
    ['was stopped for ten minutes', 10 * minuteMs],
    ['has its clock set a day ahead', 24 * 60 * minuteMs],
    ['has its clock set an hour back', -60 * minuteMs],
  ])('%s: that is nobody’s silence, and a dead device is still found in time', (_, byMs) => {
    const devices = watched(kinds)
    const { run, die, jump, live, told } = world(devices)
    run(5 * minuteMs)
    jump(byMs)
    live(...ids(devices))
    run(10 * minuteMs)
    expect(told).toEqual([])
    die('school-01-1')
    run(95 * secondMs)
    expect(brief(told)).toEqual(['silent school-01-1'])
  })

  test('that was stopped ticks before it reads what devices sent meanwhile, and reports nobody', () => {
    const devices = watched(kinds)
    const { run, jump, told, supervision, now } = world(devices)
    run(5 * minuteMs)
    jump(10 * minuteMs)
    expect(supervision.tick(now())).toEqual([])
    run(10 * minuteMs)
    expect(told).toEqual([])
  })

  test('that starts again tells no silence twice and takes back what is over', () => {
    const devices = watched(['panic-button', 'panic-button', 'panic-button', 'sensor'])
    const { run, die, live, told } = world(devices, { told: { devices: ['school-01-1', 'school-01-2'], sites: [] } })
    die('school-01-1', 'school-01-2')
    run(10 * minuteMs)
    expect(told).toEqual([])
    live('school-01-2')
    run(2 * secondMs)
    expect(brief(told)).toEqual(['recovered school-01-2'])
  })

  test.each([['all' as const], [watched(kinds).map(({ id }) => id)]])(
    'that starts again takes back the loss of a site (%#)',
    members => {
      const devices = watched(kinds)
      const { run, die, live, told } = world(devices, {
        told: { devices: [], sites: [{ site: 'school-01', devices: members }] },
      })
      die(...ids(devices))
      run(20 * minuteMs)
      expect(told).toEqual([])
      live(...ids(devices))
      run(5 * minuteMs)
      expect(brief(told)).toEqual(['recovered school-01'])
      expect(told[0]).toMatchObject({ devices: ids(devices) })
    },
  )
})

describe('a site', () => {
  const mixed = (count: number): DeviceKind[] =>
    Array.from({ length: count }, (_, index) => deviceKinds[index % deviceKinds.length] as DeviceKind)

  test.each([1, 2])('of %d devices is told by the device', count => {
    const devices = watched(mixed(count))
    const { run, die, told } = world(devices)
    run(5 * minuteMs)
    die(...ids(devices))
    run(10 * minuteMs)
    expect(brief(told)).toEqual(ids(devices).map(id => `silent ${id}`))
  })

  test('of 300 that is lost is one report with all of them, 90 s after its buttons, and one when it is back', () => {
    const devices = watched(mixed(300))
    const { run, die, live, told, now } = world(devices, { phases: devices.map((_, index) => index * 300) })
    run(10 * minuteMs)
    die(...ids(devices))
    const cutAt = now()
    run(30 * minuteMs)
    expect(told).toMatchObject([{ what: 'silent', of: 'site', site: 'school-01', devices: ids(devices) }])
    expect((told[0]?.at as number) - cutAt).toBeLessThanOrEqual(91 * secondMs)
    // Reconnects are spread over a minute and a half.
    for (let part = 0; part < 10; part++) {
      live(...ids(devices).slice(part * 30, (part + 1) * 30))
      run(10 * secondMs)
    }
    run(10 * minuteMs)
    expect(brief(told)).toEqual(['silent school-01', 'recovered school-01'])
    expect(told[1]).toMatchObject({ devices: ids(devices) })
  })

  test('that is small: who was due is named, and who was not belongs to the same report', () => {
    const devices = watched(['panic-button', 'sensor', 'sensor', 'sensor', 'sensor'])
    const phases = [0, 20, 40, 60, 80].map(seconds => seconds * secondMs)
    const { run, die, live, told } = world(devices, { phases })
    run(5 * minuteMs + 29 * secondMs)
    die(...ids(devices))
    run(20 * minuteMs)
    expect(told).toMatchObject([{ what: 'silent', of: 'site', devices: ids(devices).toSpliced(2, 1) }])
    live(...ids(devices))
    run(5 * minuteMs)
    expect(brief(told).slice(1)).toEqual(['recovered school-01'])
    const [, recovered] = told as Extract<Report, { of: 'site' }>[]
    expect(recovered?.devices.toSorted()).toEqual(ids(devices))
  })

  test('of which two die while the third was not due yet: the third is not named', () => {
    const devices = watched(['panic-button', 'panic-button', 'sensor'])
    const { run, die, told } = world(devices, { phases: [0, 0, 29 * secondMs] })
    run(5 * minuteMs + 1)
    die('school-01-1', 'school-01-2')
    run(10 * minuteMs)
    for (const report of told)
      expect(report.of === 'site' ? report.devices : [report.device]).not.toContain('school-01-3')
    expect(told.length).toBeGreaterThan(0)
  })

  test('of which some stay away: who is back is told, then who is not', () => {
    const devices = watched(mixed(20))
    const { run, die, live, told } = world(devices)
    run(5 * minuteMs)
    die(...ids(devices))
    run(10 * minuteMs)
    live(...ids(devices).slice(0, 15))
    run(10 * minuteMs)
    expect(brief(told)).toEqual(['silent school-01', 'recovered school-01', 'silent school-01'])
    expect(told.slice(1)).toMatchObject([{ devices: ids(devices).slice(0, 15) }, { devices: ids(devices).slice(15) }])
  })

  test('of which one comes back: that one is told, and the site stays lost', () => {
    const devices = watched(mixed(20))
    const { run, die, live, told } = world(devices)
    run(5 * minuteMs)
    die(...ids(devices))
    run(10 * minuteMs)
    live('school-01-1')
    run(10 * minuteMs)
    expect(brief(told)).toEqual(['silent school-01', 'recovered school-01-1'])
  })

  test('of which one switch of 60 buttons is lost: one report with those, and the others go on', () => {
    const devices = watched(Array.from({ length: 200 }, () => 'panic-button' as const))
    const { run, die, told } = world(devices, { phases: devices.map((_, index) => index * 150) })
    run(5 * minuteMs)
    die(...ids(devices).slice(0, 60))
    run(10 * minuteMs)
    expect(told).toMatchObject([{ what: 'silent', of: 'site', devices: ids(devices).slice(0, 60) }])
    die('school-01-100')
    run(95 * secondMs)
    expect(brief(told).slice(1)).toEqual(['silent school-01-100'])
  })

  test('that loses power again and again is told as flapping, and damped', () => {
    const devices = watched(mixed(10))
    const { run, die, live, told } = world(devices)
    for (let round = 0; round < 8; round++) {
      die(...ids(devices))
      run(5 * minuteMs)
      live(...ids(devices))
      run(4 * minuteMs)
    }
    expect(brief(told).slice(0, 5)).toEqual(
      ['silent', 'recovered', 'silent', 'recovered', 'silent'].map(
        (what, n) => `${what} school-01${n === 4 ? ' flapping' : ''}`,
      ),
    )
    expect(told).toHaveLength(5)
    run(31 * minuteMs)
    expect(brief(told).slice(5)).toEqual(['recovered school-01 flapping'])
  })

  test('whose maintenance ends while all of it is off, each since another time, is one report', () => {
    const devices = watched(mixed(30))
    const { run, die, maintained, told } = world(devices)
    run(5 * minuteMs)
    maintained.add('school-01')
    for (const id of ids(devices)) {
      die(id)
      run(minuteMs)
    }
    run(5 * minuteMs)
    expect(told).toEqual([])
    maintained.clear()
    run(5 * minuteMs)
    expect(brief(told)).toEqual(['silent school-01'])
  })
})

describe('whatever the order and the times', () => {
  const kind = fc.constantFrom(...deviceKinds)
  const fleet = (min: number, max: number) =>
    fc.array(fc.record({ kind, phase: fc.integer({ min: 0, max: 89_999 }) }), { minLength: min, maxLength: max })

  test('a site of 300 with all kinds in it that is lost is exactly one report, and who lives elsewhere is none', () => {
    const site = fc.array(fc.integer({ min: 0, max: 89_999 }), { minLength: 300, maxLength: 300 })
    fc.assert(
      fc.property(site, fc.integer({ min: 0, max: 89 }), (phases, cutS) => {
        const lost = watched(phases.map((_, index) => deviceKinds[index % 5] as DeviceKind))
        const living = watched(['panic-button', 'access-controller', 'sensor', 'sensor'], 'school-02')
        const devices = [...lost, ...living]
        const { run, die, live, told } = world(devices, {
          phases: devices.map(({ kind }, index) => (phases[index] ?? 0) % heartbeatMs[kind]),
        })
        run(2 * minuteMs + cutS * secondMs)
        die(...ids(lost))
        run(6 * minuteMs)
        expect(brief(told)).toEqual(['silent school-01'])
        live(...ids(lost))
        run(3 * minuteMs)
        expect(brief(told)).toEqual(['silent school-01', 'recovered school-01'])
      }),
      { numRuns: 15 },
    )
  }, 60_000)

  test('each device that is cut off is told as silent in its time, those that live never, and never twice without recovered between', () => {
    const step = fc.record({
      device: fc.nat(11),
      lives: fc.boolean(),
      pauseS: fc.integer({ min: 0, max: 400 }),
    })
    fc.assert(
      fc.property(fleet(1, 12), fc.array(step, { maxLength: 30 }), (members, steps) => {
        const devices = members.map(({ kind }, index) => ({ id: `d-${index}`, site: `site-${index % 3}`, kind }))
        const w = world(devices, { phases: members.map(({ kind, phase }) => phase % heartbeatMs[kind]) })
        const everDied = new Set<string>()
        w.run(2 * minuteMs)
        for (const { device, lives, pauseS } of steps) {
          const one = devices[device % devices.length] as Watched
          if (lives) w.live(one.id)
          else {
            everDied.add(one.id)
            w.die(one.id)
          }
          w.run(pauseS * secondMs)
        }
        expect(w.told.length).toBe(standing(w.told).reports)
        // In the end all are dead: each stands as silent, whatever was damped before.
        w.die(...ids(devices))
        w.run(40 * minuteMs)
        for (const { id } of devices) expect(w.supervision.presence(id)).toBe('silent')
        const { devices: alone, sites } = standing(w.told)
        const silent = devices.filter(({ id, site }) => alone.has(id) || sites.has(site)).map(({ id }) => id)
        expect(silent).toEqual(ids(devices))
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  test('who keeps its heartbeats is never told', () => {
    fc.assert(
      fc.property(fleet(1, 40), fc.array(fc.nat(39), { maxLength: 3 }), (members, dying) => {
        const devices = members.map(({ kind }, index) => ({ id: `d-${index}`, site: `site-${index % 4}`, kind }))
        const dead = new Set(dying.map(index => `d-${index % devices.length}`))
        const { run, die, told } = world(devices, {
          phases: members.map(({ kind, phase }) => phase % heartbeatMs[kind]),
        })
        run(2 * minuteMs)
        die(...dead)
        run(10 * minuteMs)
        for (const report of told)
          for (const id of report.of === 'site' ? report.devices : [report.device]) expect([...dead]).toContain(id)
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})

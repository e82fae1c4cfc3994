import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floorBytes, isTaken, type Level, levelOf, reserveBytes } from '../../gateway/disk/level.ts'
import { Room } from '../../gateway/disk/room.ts'
import { troubleOf } from '../../gateway/disk/trouble.ts'
import type { Journal, Publish } from '../../gateway/journal/journal.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB

describe('the level', () => {
  test('a small disk is not kept for alarms alone', () => {
    expect([floorBytes(100 * GiB), reserveBytes(100 * GiB)]).toEqual([64 * MiB, 4 * MiB])
    expect([floorBytes(32 * MiB), reserveBytes(32 * MiB)]).toEqual([2 * MiB, MiB / 4])
  })

  test.each<[Level, number, boolean, Level]>([
    ['roomy', 64, false, 'roomy'],
    ['roomy', 63, false, 'tight'],
    ['tight', 79, false, 'tight'],
    ['tight', 80, false, 'roomy'],
    ['roomy', 500, true, 'full'],
    ['full', 8, false, 'full'],
    ['full', 9, false, 'tight'],
    ['full', 500, false, 'roomy'],
  ])('%s, %i MiB free, no room found: %s → %s', (before, free, foundNoRoom, after) => {
    expect(levelOf(before, free * MiB, 100 * GiB, foundNoRoom)).toBe(after)
  })

  test('alarms are taken at each level, rejections at none but the first', () => {
    for (const level of ['roomy', 'tight', 'full'] as const) expect(isTaken(level, 'alarm')).toBe(true)
    expect(['heartbeat', 'status', 'telemetry', undefined].map(kind => isTaken('tight', kind))).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(isTaken('full', 'heartbeat')).toBe(false)
  })
})

describe('the room before the journal', () => {
  const kinds = ['alarm', 'heartbeat', 'telemetry'] as const
  const publishOf = (device: string, kind: (typeof kinds)[number], n: number): Publish => ({
    receivedAt: n,
    site: 'site-1',
    siteKind: 'school',
    device,
    payload: new Uint8Array(2),
    kind,
    id: String(n),
    at: n,
    skewMs: null,
  })

  const steps = fc.array(
    fc.oneof(
      fc.record({ device: fc.constantFrom('a', 'b'), kind: fc.constantFrom(...kinds) }),
      fc.record({ level: fc.constantFrom<Level>('roomy', 'tight', 'full') }),
      fc.constant('stored' as const),
    ),
    { maxLength: 60 },
  )

  test('whatever comes and goes: each is answered once, in its device’s order, and no alarm waits to be appended', () => {
    fc.assert(
      fc.property(steps, steps => {
        const appended: { publish: Publish; done: Parameters<Journal['append']>[1] }[] = []
        const room = new Room({ append: (publish, done) => void appended.push({ publish, done }) }, () => 0)
        const came: Publish[] = []
        const answered: Publish[] = []
        let stored = 0
        const store = () => {
          const next = appended[stored]
          if (next === undefined) return
          stored++
          next.done(null, { result: 'stored', seq: stored })
        }
        for (const step of steps) {
          if (step === 'stored') store()
          else if ('level' in step) room.level = step.level
          else {
            const publish = publishOf(step.device, step.kind, came.length)
            came.push(publish)
            room.append(publish, () => answered.push(publish))
            if (step.kind === 'alarm') expect(appended.at(-1)?.publish).toBe(publish)
          }
        }
        room.level = 'roomy'
        while (stored < appended.length) store()
        expect(answered).toHaveLength(came.length)
        for (const device of ['a', 'b'])
          expect(answered.filter(one => one.device === device)).toEqual(came.filter(one => one.device === device))
        expect([...room.waitingAlarms()]).toEqual([])
      }),
    )
  })

  test('what is kept back is bounded, and refused when the gateway stops', () => {
    const room = new Room({ append: () => {} }, () => 0)
    room.level = 'full'
    const errors: (string | undefined)[] = []
    const big = { ...publishOf('a', 'telemetry', 1), payload: new Uint8Array(40 * MiB) }
    room.append(big, error => errors.push(error?.message))
    room.append(big, error => errors.push(error?.message))
    expect(errors).toEqual(['the disk is nearly full'])
    room.refuseKept()
    expect(errors).toEqual(['the disk is nearly full', 'the disk is nearly full'])
  })
})

test('what is wrong is said in words that name no path', () => {
  const well = { failure: undefined, stalledMs: undefined, level: 'roomy' as const }
  expect(troubleOf(well)).toBeUndefined()
  expect(troubleOf({ ...well, stalledMs: 6000 })).toMatchObject({
    code: 'disk-stalled',
    message: expect.stringContaining('for 6 s'),
  })
  expect(troubleOf({ ...well, failure: { code: 'sqlite-5', message: 'database is locked (5)' } })).toMatchObject({
    code: 'journal-locked',
  })
  for (const code of ['sqlite-11', 'sqlite-26'])
    expect(troubleOf({ ...well, failure: { code, message: 'database disk image is malformed (11)' } })).toMatchObject({
      code: 'journal-damaged',
      message: expect.stringMatching(/a page of journal\.sqlite.*put a backup in its place/),
    })
  expect(troubleOf({ ...well, level: 'tight' })).toMatchObject({ code: 'disk-nearly-full' })
})

import { crashPoints, deskWrites, ownWrites, steps, writes } from './crash-points.ts'
import type { Device } from './device.ts'
import { type Endpoint, type Mood, moods } from './endpoint.ts'
import { poison } from './influx.ts'
import { type Duty, duties, people } from './operators.ts'
import type { World } from './world.ts'

/** What a day brings, by chance: scenes in which devices speak, and around each of them what can go wrong. */
const minuteMs = 60_000
/** Then whatever is out of order is in order again, and everything must come to rest. */
export const eveningMs = 22 * 60 * minuteMs

export function planDay(world: World): void {
  const { chance, universe } = world
  const scenes = chance.happens(0.8) ? 0 : chance.of([1, 1, 1, 2])
  for (let scene = 0; scene < scenes; scene++) {
    const at = chance.within(minuteMs, eveningMs - 30 * minuteMs)
    universe.plan(at, () => speak(world))
    planFaults(world, at)
  }
}

function speak(world: World): void {
  const { chance, universe, devices } = world
  const scene = chance.next()
  const later = (ms: number, act: () => void) => universe.plan(chance.within(0, ms), act)
  const buttons = devices.filter(({ id }) => id.startsWith('button'))
  const gates = devices.filter(({ id }) => id.startsWith('gate'))
  const passings = scene < 0.04 ? 150 : chance.whole(1, 6)
  for (let count = 0; count < passings; count++) later(scene < 0.04 ? 400 : 20_000, () => pass(world, chance.of(gates)))
  if (scene < 0.55)
    for (const button of scene < 0.1 ? buttons : [chance.of(buttons)]) later(20_000, () => press(world, button))
  else if (scene < 0.58) flap(world, chance.of(buttons))
  if (chance.happens(0.2)) later(minuteMs, () => chance.of(devices).sayAgain())
  if (chance.happens(0.3)) later(minuteMs, () => world.operators.does(chance.of(duties)))
}

function pass({ chance }: World, gate: Device, made: { isStrict?: true; ref?: number } = {}): void {
  const door = chance.happens(0.02) ? poison : 'east'
  const person = { ref: `p-${made.ref ?? chance.whole(1, people)}`, role: 'resident' }
  const data = {
    door,
    direction: 'in',
    method: 'card',
    result: 'granted',
    ...((made.ref !== undefined || chance.happens(0.3)) && { person }),
  }
  gate.say('access', data, {
    ...(made.isStrict === true || chance.happens(0.04) ? { isStrict: true } : { isValid: !chance.happens(0.05) }),
    ...(chance.happens(0.1) && { ageMs: chance.within(0, 90 * minuteMs) }),
  })
}

const alarm = (trigger: string, state: string) => ({ trigger, state, mode: 'actual' })

function press({ chance, universe }: World, button: Device): void {
  const trigger = chance.happens(0.9) ? 'panic' : 'tamper'
  button.say('alarm', alarm(trigger, 'raised'))
  if (chance.happens(0.3)) universe.plan(chance.within(5, 90_000), () => button.say('alarm', alarm(trigger, 'raised')))
  if (chance.happens(0.3))
    universe.plan(chance.within(5, 60_000), () => button.say('alarm', alarm(trigger, 'restored')))
}

function flap({ universe, chance }: World, button: Device): void {
  for (let count = 0; count < 26; count++)
    universe.plan(chance.within(0, 4000), () =>
      button.say('alarm', alarm('panic', count % 2 === 0 ? 'raised' : 'restored')),
    )
}

function planFaults(world: World, at: number): void {
  const { chance, universe, disk, endpoints, influx, ledger, devices } = world
  const near = (beforeMs: number, afterMs: number) => at + chance.within(-beforeMs, afterMs)
  const whileMs = (mayBeMs: number) => chance.within(500, mayBeMs)
  universe.plan(near(5000, 30_000), () => doom(world))
  if (chance.happens(0.06)) universe.plan(near(5000, 120_000), () => world.crash(anywhere))
  if (chance.happens(0.08)) universe.plan(near(5000, 120_000), () => world.stop())
  for (const endpoint of endpoints)
    if (chance.happens(0.12)) universe.plan(near(20_000, 20_000), () => upset(world, endpoint, chance.of(moods)))
  if (chance.happens(0.1))
    universe.plan(near(20_000, 10_000), () => {
      influx.isDown = true
      universe.plan(whileMs(120_000), () => {
        influx.isDown = false
      })
    })
  if (chance.happens(0.03))
    universe.plan(near(20_000, 10_000), () => {
      influx.awayUntil = universe.now + world.retentionMs * chance.within(0.5, 2)
    })
  if (chance.happens(0.15)) universe.plan(near(3000, 20_000), () => sicken(world))
  if (chance.happens(0.08))
    universe.plan(near(3000, 20_000), () => {
      disk.slowMs = chance.within(50, 4000)
      disk.slowUntilMs = universe.now + whileMs(20_000)
      ledger.trouble(universe.now, disk.slowUntilMs + 2 * disk.slowMs)
      world.say('disk', 'is slow')
    })
  if (chance.happens(0.06))
    universe.plan(near(20_000, 60_000), () =>
      world.setClock(Math.round(chance.of([-1, 1]) * chance.within(60_000, 5_400_000))),
    )
  if (chance.happens(0.15)) universe.plan(near(10_000, 20_000), () => world.gone(chance.of(devices)))
  if (chance.happens(0.05)) universe.plan(near(5000, 10_000), () => tighten(world))
}

/**
 * The next point to die at, and at which passing: some are passed once a minute and some a hundred times. It waits until it is
 * passed, be it for days; what is rare is provoked. Worlds begin at different points of the list and take them out of its order.
 */
function doom(world: World): void {
  const { chance, universe, seed, endpoints } = world
  const point = crashPoints[((seed * doomsPerWorld + world.doomed++) * stride) % crashPoints.length] as string
  const is = (...writes: string[]) => writes.some(write => point.startsWith(write))
  world.doom(
    point,
    is('start', 'stop', 'operator', 'outbox', deskWrites.moves, ownWrites.held, ownWrites.ids)
      ? 1
      : chance.of([1, 1, 1, 2, 3, 5]),
  )
  if (is('start')) world.crash(anywhere)
  if (is('stop')) world.stop()
  // A clock that was set is told of, by a message that is no alarm's.
  if (is(deskWrites.moves, writes.createMessage)) world.setClock(chance.whole(60_000, 600_000))
  if (is(ownWrites.held)) sicken(world)
  if (is(ownWrites.ids))
    for (let count = 0; count < manyIds; count++)
      universe.plan(chance.within(5000, 20_000), () => pass(world, world.devices.at(-1) as Device))
  for (const [write, duty] of Object.entries(dutyOf))
    if (is(write)) universe.plan(chance.within(1000, 30_000), () => provoke(world, duty))
  if (is(writes.deliveryFailed, writes.retryDelivery)) upset(world, chance.of(endpoints), 'failing')
}
/** What makes a write happen that seldom does. */
const dutyOf: Record<string, Duty> = {
  [writes.retryDelivery]: 'retry',
  [writes.beginMaintenance]: 'maintain',
  [writes.endMaintenance]: 'maintain',
  [writes.testEndpoint]: 'test',
  [writes.markReplayed]: 'replay',
  [writes.rewriteErased]: 'erase',
  [writes.hastenDeliveries]: 'readdress',
}

function provoke(world: World, duty: Duty): void {
  const { chance, universe, devices } = world
  const gate = devices.at(-1) as Device
  if (duty === 'replay') pass(world, gate, { isStrict: true })
  if (duty === 'erase') for (let ref = 1; ref <= people; ref++) pass(world, gate, { ref })
  universe.plan(chance.within(1000, 5000), () => world.operators.does(duty))
}
/** More than move at once. */
const manyIds = 45
const doomsPerWorld = 12
/** A prime. */
const stride = 41
export const anywhere = 'anywhere'

function upset({ chance, universe }: World, endpoint: Endpoint, mood: Mood): void {
  endpoint.mood = mood
  universe.plan(chance.within(500, 100_000), () => {
    endpoint.mood = 'good'
  })
}

/** While something is said that it can't take. */
function sicken(world: World): void {
  const { chance, universe, disk, ledger, dooms, devices } = world
  const untilMs = universe.now + chance.within(500, 12_000)
  disk.sickness = { code: chance.of([5, 8, 10, 10, 13] as const), untilMs, isUnreadable: chance.happens(0.3) }
  ledger.trouble(universe.now, untilMs + 1500)
  world.say('disk', `is sick (${disk.sickness.code})`)
  if (chance.happens(0.3)) dooms.set(steps.commitFailed, chance.whole(1, 4))
  universe.plan(chance.within(0, 2000), () => pass(world, devices.at(-1) as Device))
}

/** The disk is nearly full: what isn't an alarm is kept back without a PUBACK. */
function tighten({ gateway, chance, universe }: World): void {
  if (gateway === undefined) return
  const { room, life } = gateway
  room.level = chance.of(['tight', 'full'] as const)
  universe.plan(
    chance.within(1000, 60_000),
    () => {
      room.level = 'roomy'
    },
    life,
  )
}

/** All is in order again. */
export function mend({ endpoints, influx, disk, gateway, universe }: World): void {
  for (const endpoint of endpoints) endpoint.mood = 'good'
  influx.isDown = false
  if (disk.sickness !== undefined) disk.sickness.untilMs = Math.min(disk.sickness.untilMs, universe.now)
  disk.slowUntilMs = 0
  if (gateway !== undefined) gateway.room.level = 'roomy'
}

import type { EventKind, Payload } from '../schemas/events/kinds.ts'
import type { Device, DeviceKind, SiteKind } from '../schemas/registry.ts'
import { createRandom, type Random } from './random.ts'
import { inboundShare } from './rhythm.ts'

/** What an event says; the envelope (`id`, `time`) is put around it when it is sent. */
export type Saying = { [K in EventKind]: { kind: K; data: Payload<K>['data'] } }[EventKind]

type Person = NonNullable<Payload<'access'>['data']['person']>

/** Who and what passes a site again and again. References are opaque and plates invented. */
export type Population = { persons: readonly Person[]; plates: readonly string[] }

export type Source = { device: Pick<Device, 'id' | 'kind' | 'placement'>; siteKind: SiteKind; population: Population }

const plateLetters = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'
const otherProvinces = ['晋B', '晋K', '晋M', '京A', '冀A', '陕A', '豫A'] as const
const characters = (count: number, random: Random): string =>
  Array.from({ length: count }, () => random.pick([...plateLetters])).join('')

/** Seven characters, or eight for new energy (`D` or `F` first). I and O are not used on plates. */
export function plate(random: Random): string {
  const place = random.chance(0.88) ? '晋A' : random.pick(otherProvinces)
  if (random.chance(0.25)) return `${place}${random.pick(['D', 'F'])}${String(random.int(0, 99_999)).padStart(5, '0')}`
  return `${place}${characters(5, random)}`
}

const roles: Readonly<Record<SiteKind, Readonly<Partial<Record<Person['role'], number>>>>> = {
  school: { student: 88, staff: 12 },
  kindergarten: { student: 80, staff: 20 },
  compound: { resident: 94, staff: 6 },
  checkpoint: { unknown: 1 },
}

export function populationOf(seed: string, site: { id: string; kind: SiteKind }): Population {
  const random = createRandom(seed, 'population', site.id)
  return {
    persons: Array.from({ length: 240 }, () => ({
      ref: `p-${random.hex(12)}`,
      role: random.weighted(roles[site.kind]) as Person['role'],
    })),
    plates: Array.from({ length: 120 }, () => plate(random)),
  }
}

const stranger = (random: Random): Person => ({
  ref: `v-${random.hex(12)}`,
  role: random.weighted({ visitor: 6, delivery: 4 }),
})

function access({ device, siteKind, population }: Source, weekMs: number, random: Random): Payload<'access'>['data'] {
  const known = random.chance(0.93)
  const denied = random.chance(known ? 0.01 : 0.25)
  const reason = denied ? { reason: random.pick(known ? ['卡已过期', '不在允许时段'] : ['未登记', '人脸不匹配']) } : {}
  return {
    door: device.placement ?? device.id,
    direction: random.chance(inboundShare(siteKind, weekMs)) ? 'in' : 'out',
    method: known
      ? random.weighted({ face: 55, card: 30, phone: 8, fingerprint: 4, pin: 2, key: 1 })
      : random.weighted({ qr: 5, remote: 3, button: 2 }),
    result: denied ? 'denied' : 'granted',
    ...reason,
    person: known ? random.pick(population.persons) : stranger(random),
  }
}

function face({ device, siteKind, population }: Source, random: Random): Payload<'face'>['data'] {
  const match = random.weighted(
    siteKind === 'compound' ? { known: 80, stranger: 19.7, listed: 0.3 } : { known: 15, stranger: 84.7, listed: 0.3 },
  )
  return {
    camera: device.placement ?? device.id,
    match,
    ...(match === 'listed' ? { list: '布控名单' } : {}),
    score: Number((match === 'stranger' ? 0.2 + random.next() * 0.4 : 0.8 + random.next() * 0.2).toFixed(3)),
    ...(match === 'stranger' ? {} : { person: random.pick(population.persons) }),
  }
}

/** Contract 3.3: null where there is no plate; `-` stands for a character that could not be read. */
function seenPlate({ siteKind, population }: Source, random: Random): string | null {
  const passing = random.chance(siteKind === 'compound' ? 0.9 : 0.4) ? random.pick(population.plates) : plate(random)
  if (random.chance(0.02)) return null
  if (!random.chance(0.01)) return passing
  const hidden = random.int(2, passing.length - 1)
  return `${passing.slice(0, hidden)}-${passing.slice(hidden + 1)}`
}

function vehicle(source: Source, weekMs: number, random: Random): Payload<'vehicle'>['data'] {
  const onRoad = source.siteKind === 'checkpoint'
  const seen = seenPlate(source, random)
  const vehicleType = seen === null ? 'e-bike' : random.weighted({ car: 80, van: 8, truck: onRoad ? 10 : 1, bus: 2 })
  const direction = random.chance(0.005)
    ? 'unknown'
    : onRoad
      ? source.device.placement === '进城方向'
        ? 'in'
        : 'out'
      : random.chance(inboundShare(source.siteKind, weekMs))
        ? 'in'
        : 'out'
  return {
    lane: source.device.placement ?? source.device.id,
    direction,
    plate: seen,
    ...(seen === null ? {} : { plateColor: seen.length === 8 ? 'green' : vehicleType === 'truck' ? 'yellow' : 'blue' }),
    vehicleType,
    speedKmh: onRoad ? random.int(18, 78) : random.int(3, 15),
    confidence: Number((seen?.includes('-') ? 0.4 + random.next() * 0.3 : 0.9 + random.next() * 0.1).toFixed(3)),
  }
}

function telemetry(weekMs: number, random: Random): Payload<'telemetry'>['data'] {
  // Warmest at 15:00: a cosine over the day.
  const warmth = Math.cos(((weekMs / 3_600_000 - 15) / 24) * 2 * Math.PI)
  return {
    metrics: {
      temperature: Number((16 + 8 * warmth + random.next()).toFixed(1)),
      humidity: Number((45 - 12 * warmth + 2 * random.next()).toFixed(1)),
      smokePpm: random.int(0, 6),
      mainsVoltage: Number((226 + 8 * random.next()).toFixed(1)),
    },
  }
}

const kindSaid: Readonly<Record<DeviceKind, EventKind>> = {
  'panic-button': 'alarm',
  'access-controller': 'access',
  'face-checkpoint': 'face',
  'vehicle-checkpoint': 'vehicle',
  sensor: 'telemetry',
}

/** What the device says at that moment of the week. Pure: the same source, moment and random state give the same. */
export function sayingOf(source: Source, weekMs: number, random: Random): Saying {
  const kind = kindSaid[source.device.kind]
  switch (kind) {
    case 'access':
      return { kind, data: access(source, weekMs, random) }
    case 'face':
      return { kind, data: face(source, random) }
    case 'vehicle':
      return { kind, data: vehicle(source, weekMs, random) }
    case 'telemetry':
      return { kind, data: telemetry(weekMs, random) }
    case 'alarm':
      return { kind, data: { trigger: 'panic', state: 'raised', mode: 'test' } }
  }
}

import type { DeviceKind, SiteKind } from '../schemas/registry.ts'

/**
 * How busy a device is at a time of the week, in Asia/Shanghai local time. Pure. Times are milliseconds since Monday
 * 00:00 and may run past the week's end; rates are events per hour.
 */
export const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Corners of a line through the day; between two corners the rate runs straight. */
export type Curve = readonly (readonly [clock: string, perHour: number])[]
type Rhythm = { workday: Curve; weekendFactor: number }

const schoolGate: Rhythm = {
  workday: [
    ['00:00', 0.2],
    ['06:30', 1],
    ['07:20', 60],
    ['07:30', 400],
    ['08:10', 400],
    ['08:25', 20],
    ['11:20', 15],
    ['11:30', 150],
    ['12:00', 150],
    ['12:15', 20],
    ['16:20', 20],
    ['16:30', 320],
    ['17:30', 320],
    ['17:50', 20],
    ['19:30', 4],
    ['22:00', 0.5],
  ],
  weekendFactor: 0.03,
}
const compoundDoor: Rhythm = {
  workday: [
    ['00:00', 6],
    ['01:30', 1],
    ['05:30', 2],
    ['06:45', 60],
    ['07:20', 180],
    ['08:20', 180],
    ['09:15', 50],
    ['11:30', 60],
    ['12:30', 80],
    ['14:00', 50],
    ['17:00', 80],
    ['17:45', 200],
    ['19:15', 200],
    ['20:30', 90],
    ['22:30', 40],
    ['23:30', 12],
  ],
  weekendFactor: 0.8,
}
const compoundVehicles: Rhythm = {
  workday: [
    ['00:00', 4],
    ['01:30', 0.5],
    ['05:30', 1],
    ['06:45', 25],
    ['07:20', 110],
    ['08:20', 110],
    ['09:15', 25],
    ['16:45', 30],
    ['17:45', 120],
    ['19:00', 120],
    ['20:30', 40],
    ['22:30', 15],
  ],
  weekendFactor: 0.7,
}
const roadVehicles: Rhythm = {
  workday: [
    ['00:00', 40],
    ['02:00', 10],
    ['05:00', 15],
    ['06:30', 150],
    ['07:30', 620],
    ['08:45', 620],
    ['10:00', 300],
    ['16:30', 340],
    ['17:30', 650],
    ['19:00', 650],
    ['20:30', 250],
    ['22:30', 90],
  ],
  weekendFactor: 0.75,
}
const roadFaces: Rhythm = {
  workday: [
    ['00:00', 6],
    ['02:00', 1],
    ['05:30', 4],
    ['07:20', 220],
    ['08:30', 220],
    ['10:00', 80],
    ['17:00', 90],
    ['17:40', 230],
    ['19:00', 230],
    ['21:00', 60],
    ['23:00', 12],
  ],
  weekendFactor: 0.8,
}
/** A sensor measures every five minutes, day and night. */
const steady: Rhythm = { workday: [['00:00', 12]], weekendFactor: 1 }

/** A panic button says nothing but heartbeats until somebody presses it. */
const rhythms: Readonly<Record<SiteKind, Readonly<Partial<Record<DeviceKind, Rhythm>>>>> = {
  school: { 'access-controller': schoolGate, sensor: steady },
  kindergarten: { 'access-controller': schoolGate, sensor: steady },
  compound: {
    'access-controller': compoundDoor,
    'face-checkpoint': compoundDoor,
    'vehicle-checkpoint': compoundVehicles,
    sensor: steady,
  },
  checkpoint: { 'vehicle-checkpoint': roadVehicles, 'face-checkpoint': roadFaces, sensor: steady },
}

/** `07:30` as milliseconds since midnight; undefined when it is no time of day. */
export function clockMs(clock: string): number | undefined {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock)
  return parts === null ? undefined : (Number(parts[1]) * 60 + Number(parts[2])) * 60_000
}

/** Events per hour at that time of the day. */
export function along(curve: Curve, dayTimeMs: number): number {
  let [fromMs, from] = [0, curve[0]![1]]
  for (const [clock, perHour] of curve) {
    const atMs = clockMs(clock)!
    if (atMs > dayTimeMs) return from + ((perHour - from) * (dayTimeMs - fromMs)) / (atMs - fromMs)
    fromMs = atMs
    from = perHour
  }
  return from + ((curve[0]![1] - from) * (dayTimeMs - fromMs)) / (dayMs - fromMs)
}

export const timeOfDayMs = (weekMs: number): number => weekMs % dayMs
const isWeekend = (weekMs: number): boolean => Math.floor(weekMs / dayMs) % 7 >= 5

/** Events per hour at that moment; 0 for a device that has no rhythm of its own. */
export function ratePerHour(site: SiteKind, device: DeviceKind, weekMs: number): number {
  const rhythm = rhythms[site][device]
  if (rhythm === undefined) return 0
  return along(rhythm.workday, timeOfDayMs(weekMs)) * (isWeekend(weekMs) ? rhythm.weekendFactor : 1)
}

/** No moment of the week is busier than this; 0: the device never says anything by itself. */
export function peakPerHour(site: SiteKind, device: DeviceKind): number {
  const rhythm = rhythms[site][device]
  return rhythm === undefined ? 0 : Math.max(...rhythm.workday.map(([, perHour]) => perHour))
}

/** The share of passages that go in: children come in the morning, residents leave. */
export function inboundShare(site: SiteKind, weekMs: number): number {
  const hour = timeOfDayMs(weekMs) / hourMs
  const morning = hour >= 5 && hour < 10
  const evening = hour >= 15.5 && hour < 21
  if (site === 'school' || site === 'kindergarten') return morning ? 0.96 : evening ? 0.05 : 0.5
  if (site === 'compound') return morning ? 0.15 : evening ? 0.85 : 0.5
  return 0.5
}

import type { SiteView } from '../../../../schemas/api.ts'

/** A schematic map: where the sites lie to each other, without a map below. All of it in degrees of WGS-84 first. */
export type Placed = { id: string; x: number; y: number }
export type Box = { width: number; height: number; margin: number }
type Point = { lat: number; lon: number }

/** 0/0 is a place that nobody has entered. */
export const hasPlace = ({ location }: SiteView): boolean =>
  location !== null && (location.lat !== 0 || location.lon !== 0)

/** North is up, a metre is as long to the east as to the north, all fit, and no two lie closer than `apart`. */
export function placed(sites: readonly SiteView[], box: Box, apart: number): Placed[] {
  const points = sites
    .filter(hasPlace)
    .map(({ id, location }) => ({ id, ...wgs84Of(location as NonNullable<SiteView['location']>) }))
  if (points.length === 0) return []
  const lats = points.map(({ lat }) => lat)
  const [south, north] = [Math.min(...lats), Math.max(...lats)]
  const narrowing = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const easts = points.map(({ lon }) => lon * narrowing)
  const [west, east] = [Math.min(...easts), Math.max(...easts)]
  const room = { width: box.width - 2 * box.margin, height: box.height - 2 * box.margin }
  // One site, or several in one spot, lie in the middle.
  const scale = Math.min(room.width / (east - west || 1e-9), room.height / (north - south || 1e-9), 1e6)
  const left = (box.width - (east - west) * scale) / 2
  const top = (box.height - (north - south) * scale) / 2
  const spots = points.map(({ id, lat, lon }) => ({
    id,
    x: left + (lon * narrowing - west) * scale,
    y: top + (north - lat) * scale,
  }))
  return pushedApart(spots, box, apart)
}

const rounds = 60

/** Those that would cover each other give way, a little at a time. Same sites, same map. */
function pushedApart(spots: Placed[], box: Box, apart: number): Placed[] {
  for (let round = 0; round < rounds; round++) {
    let moved = false
    for (const [index, one] of spots.entries())
      for (const other of spots.slice(index + 1)) {
        const [dx, dy] = [other.x - one.x || 0.01, other.y - one.y || 0.01]
        const distance = Math.hypot(dx, dy)
        if (distance >= apart) continue
        const push = (apart - distance) / 2 / distance
        one.x -= dx * push
        one.y -= dy * push
        other.x += dx * push
        other.y += dy * push
        moved = true
      }
    if (!moved) break
  }
  const within = (value: number, size: number) => Math.min(size - box.margin / 2, Math.max(box.margin / 2, value))
  return spots.map(({ id, x, y }) => ({ id, x: within(x, box.width), y: within(y, box.height) }))
}

/** GCJ-02 lies 300–600 m off; both stand on one map, so it is led back. */
export function wgs84Of({ lat, lon, crs }: NonNullable<SiteView['location']>): Point {
  if (crs === 'wgs84') return { lat, lon }
  const off = gcj02Offset({ lat, lon })
  const nearer = { lat: lat - off.lat, lon: lon - off.lon }
  const again = gcj02Offset(nearer)
  return { lat: lat - again.lat, lon: lon - again.lon }
}

/** What GCJ-02 adds to WGS-84, by the approximation that everybody uses; within a metre or two. */
function gcj02Offset({ lat, lon }: Point): Point {
  const [x, y] = [lon - 105, lat - 35]
  const wave = (value: number, ...parts: readonly [height: number, turns: number][]) =>
    parts.reduce((sum, [height, turns]) => sum + height * Math.sin(value * turns * Math.PI), 0)
  const root = Math.sqrt(Math.abs(x))
  const short = (wave(x, [20, 6], [20, 2]) * 2) / 3
  const dLat =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    short +
    (wave(y, [20, 1], [40, 1 / 3]) * 2) / 3 +
    (wave(y, [160, 1 / 12], [320, 1 / 30]) * 2) / 3
  const dLon =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    short +
    (wave(x, [20, 1], [40, 1 / 3]) * 2) / 3 +
    (wave(x, [150, 1 / 12], [300, 1 / 30]) * 2) / 3
  const [axis, eccentricity] = [6_378_245, 0.006_693_421_622_965_943]
  const radians = (lat * Math.PI) / 180
  const magic = 1 - eccentricity * Math.sin(radians) ** 2
  return {
    lat: (dLat * 180) / (((axis * (1 - eccentricity)) / (magic * Math.sqrt(magic))) * Math.PI),
    lon: (dLon * 180) / ((axis / Math.sqrt(magic)) * Math.cos(radians) * Math.PI),
  }
}

import { expect, test } from 'vitest'
import { hasPlace, placed, wgs84Of } from '../../gateway/console/app/board/projection.ts'
import type { SiteView } from '../../schemas/api.ts'

const box = { width: 640, height: 400, margin: 36 }
const site = (id: string, lat: number, lon: number, crs: 'wgs84' | 'gcj02' = 'wgs84'): SiteView => ({
  id,
  name: id,
  kind: 'school',
  address: null,
  location: { lat, lon, crs },
  responseMinutes: 3,
  devices: 1,
  openAlarms: 0,
})
const spot = (sites: SiteView[], id: string) => placed(sites, box, 1).find(one => one.id === id)!
const metres = (a: { lat: number; lon: number }, b: { lat: number; lon: number }) =>
  Math.hypot((a.lat - b.lat) * 111_195, (a.lon - b.lon) * 111_195 * Math.cos((a.lat * Math.PI) / 180))

test('north is up, east is right, and a kilometre is as long either way', () => {
  const kmNorth = 1000 / 111_195
  const kmEast = kmNorth / Math.cos((37.71 * Math.PI) / 180)
  const sites = [
    site('here', 37.71, 112.56),
    site('north', 37.71 + kmNorth, 112.56),
    site('east', 37.71, 112.56 + kmEast),
  ]
  const [here, north, east] = [spot(sites, 'here'), spot(sites, 'north'), spot(sites, 'east')]
  expect(north.x).toBeCloseTo(here.x, 6)
  expect(east.y).toBeCloseTo(here.y, 6)
  expect(here.y - north.y).toBeGreaterThan(100)
  expect((here.y - north.y) / (east.x - here.x)).toBeCloseTo(1, 3)
})

test('all lie within the box, one alone in its middle, and those without a place nowhere', () => {
  const sites = [
    site('a', 37.6, 112.4),
    site('b', 37.9, 112.9),
    site('unset', 0, 0),
    { ...site('none', 1, 1), location: null },
  ]
  expect(sites.map(hasPlace)).toEqual([true, true, false, false])
  for (const { x, y } of placed(sites, box, 1)) {
    expect(x).toBeGreaterThanOrEqual(box.margin - 1e-6)
    expect(x).toBeLessThanOrEqual(box.width - box.margin + 1e-6)
    expect(y).toBeGreaterThanOrEqual(box.margin - 1e-6)
    expect(y).toBeLessThanOrEqual(box.height - box.margin + 1e-6)
  }
  expect(placed([site('alone', 37.71, 112.56)], box, 20)).toEqual([{ id: 'alone', x: 320, y: 200 }])
  expect(placed([], box, 20)).toEqual([])
})

test('two in one spot give way to each other, and the same sites make the same map', () => {
  const sites = [site('a', 37.71, 112.56), site('b', 37.71, 112.56), site('far', 37.8, 112.7)]
  const [a, b] = placed(sites, box, 24)
  expect(Math.hypot(a!.x - b!.x, a!.y - b!.y)).toBeGreaterThanOrEqual(23.9)
  expect(placed(sites, box, 24)).toEqual(placed(sites, box, 24))
})

test('GCJ-02 is led back: a place given both ways lies within two metres', () => {
  // Tian'anmen: 39.907333, 116.391083 in WGS-84 is 39.908736, 116.397327 in GCJ-02.
  const led = wgs84Of({ lat: 39.908736, lon: 116.397327, crs: 'gcj02' })
  expect(metres(led, { lat: 39.907333, lon: 116.391083 })).toBeLessThan(2)
  const given = { lat: 37.71, lon: 112.56, crs: 'wgs84' as const }
  expect(wgs84Of(given)).toEqual({ lat: 37.71, lon: 112.56 })
  const off = metres(wgs84Of({ ...given, crs: 'gcj02' }), given)
  expect(off).toBeGreaterThan(300)
  expect(off).toBeLessThan(700)
})

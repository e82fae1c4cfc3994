import { z } from 'zod'
import { Id } from '../../schemas/ids.ts'
import { type Device, DeviceKind, type Site, SiteKind } from '../../schemas/registry.ts'
import type { Random } from '../random.ts'
import { fields, oneOrMore } from './fields.ts'

/** Whom a line of a day file is about. What it does not name, it does not narrow. */
const siteShape = { site: oneOrMore(Id).optional(), siteKind: oneOrMore(SiteKind).optional() }
const share = { share: z.number().gt(0).max(1).optional() }
export const deviceShape = { ...siteShape, kind: oneOrMore(DeviceKind).optional() }

/** Sites: all that match, or a share of them, at least one. */
export const someSites = { ...siteShape, ...share }
const all = (given: unknown) => (given === 'all' ? {} : given)
/** Devices: `all`, or `{ siteKind: compound, kind: sensor, share: 0.2 }`. */
export const SomeDevices = z.preprocess(all, fields({ ...deviceShape, ...share }))

export type WhichSites = { [K in 'site' | 'siteKind']?: readonly string[] | undefined }
export type WhichDevices = WhichSites & { kind?: readonly string[] | undefined }
type Share = { share?: number | undefined }

const among = (names: readonly string[] | undefined, name: string) => names === undefined || names.includes(name)
export const isSite = (which: WhichSites, site: Site): boolean =>
  among(which.site, site.id) && among(which.siteKind, site.kind)
export const isDevice = (which: WhichDevices, device: Device, site: Site): boolean =>
  isSite(which, site) && among(which.kind, device.kind)

/** So many of them, at least one where there is any; the same for the same random numbers. */
export function someOf<T>(things: readonly T[], { share }: Share, random: Random): readonly T[] {
  if (share === undefined || things.length === 0) return things
  const rest = [...things]
  const wanted = Math.max(1, Math.round(things.length * share))
  return Array.from({ length: wanted }, () => rest.splice(random.int(0, rest.length - 1), 1)[0]!)
}

import { z } from 'zod'
import { modes } from './events/alarm.ts'
import { Id } from './ids.ts'
import { httpUrl, text } from './text.ts'

/** The registry file (contract 7): who may connect, what it is, where it hangs, and who is told. */
export const siteKinds = ['school', 'kindergarten', 'compound', 'checkpoint'] as const
export const SiteKind = z.enum(siteKinds)
export type SiteKind = z.infer<typeof SiteKind>

export const deviceKinds = [
  'panic-button',
  'access-controller',
  'face-checkpoint',
  'vehicle-checkpoint',
  'sensor',
] as const
export const DeviceKind = z.enum(deviceKinds)
export type DeviceKind = z.infer<typeof DeviceKind>

/** Absent, or there with nothing in it (`sites:`, which YAML reads as null), is an empty list. */
const list = <T extends z.ZodType>(entries: z.ZodArray<T>) =>
  entries
    .nullable()
    .default([])
    .transform(given => given ?? [])

/** 0/0 means unset. `crs` is kept as given: gcj02 lies 300–600 m off wgs84. */
export const Location = z.object({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  crs: z.enum(['wgs84', 'gcj02']).default('wgs84'),
})
export const Contact = z.object({ name: text(64), phone: text(32) })

/** `sha256:` and 64 hex digits. Made by `npm run registry -- secret`. */
export const SecretHash = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits; npm run registry -- secret makes one')

const credentials = {
  secretHash: SecretHash.optional(),
  previousSecretHash: SecretHash.optional().describe(
    'The secret before this one, accepted too while a rotation is under way. Made and ended by `npm run registry -- rotate`',
  ),
  secret: text(256, 1).optional().describe('In clear, for development only: the gateway warns'),
  disabled: z
    .boolean()
    .optional()
    .describe('true: it may not connect, and its silence is not reported. Its open alarms stay open'),
}

export const Site = z.object({
  id: Id,
  name: text(128, 1),
  kind: SiteKind,
  address: text(256).optional(),
  location: Location.optional(),
  responseMinutes: z.literal([1, 3, 5]).default(3),
  contacts: list(z.array(Contact).max(16)),
  selfTest: z
    .boolean()
    .optional()
    .describe(
      'true: a test alarm (mode test) is expected from this site at least every 25 h; overdue is a fault. One that never came counts from the gateway’s start',
    ),
})
export type Site = z.infer<typeof Site>

export const Device = z.object({
  id: Id,
  site: Id,
  kind: DeviceKind,
  name: text(128).optional(),
  placement: text(128).optional(),
  externalId: text(64).optional().describe('The police platform’s id, 20 digits of GB/T 28181'),
  ...credentials,
})
export type Device = z.infer<typeof Device>

/** Level 0 is told first and in parallel; level 1 when level 0 does not answer in time, and so on. */
export const Endpoint = z.object({
  id: Id,
  url: httpUrl(2048).refine(url => URL.canParse(url), 'must be a URL that can be parsed'),
  secretEnv: z.string().min(1).optional().describe('The environment variable that holds the signing secret'),
  secret: z.string().min(1).optional().describe('In clear, for development only'),
  level: z.int().min(0).max(9).default(0),
})
export type Endpoint = z.infer<typeof Endpoint>

/** An MQTT account that may watch and publish nothing. */
export const Account = z.object({ id: Id, role: z.literal('monitor'), ...credentials })
export type Account = z.infer<typeof Account>

/**
 * When an alarm's steps are due, where the defaults do not fit. The first rule that matches site kind and mode counts; what a
 * rule leaves out stays at the default (deliver 5 s, acknowledge 30, 60, 90 s, dispatch 60 s, arrive the site's minutes).
 */
export const DeadlineRule = z.object({
  siteKind: SiteKind.optional(),
  mode: z.enum(modes).optional(),
  deliverS: z.int().min(1).max(3600).optional(),
  acknowledgeS: z.array(z.int().min(1).max(86_400)).min(1).max(5).optional(),
  dispatchS: z.int().min(1).max(86_400).optional(),
  arriveMinutes: z.int().min(1).max(1440).optional(),
})
export type DeadlineRule = z.infer<typeof DeadlineRule>

export const RegistryFile = z.object({
  version: z.literal(1),
  sites: list(z.array(Site)),
  devices: list(z.array(Device)),
  endpoints: list(z.array(Endpoint)),
  accounts: list(z.array(Account)),
  deadlines: z.array(DeadlineRule).max(64).optional(),
})
export type RegistryFile = z.infer<typeof RegistryFile>

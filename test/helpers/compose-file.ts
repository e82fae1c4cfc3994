import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

/**
 * The part of the Compose Specification that our file uses, strictly: a key that is not here is a slip or a decision.
 * Forms that the specification allows beside these (short `depends_on`, long `ports`, …) are left out on purpose: one form each.
 */
const text = z.string().min(1)
const duration = z.string().regex(/^(\d+(ms|us|s|m|h))+$/)
const bytes = z.string().regex(/^\d+[bkmg]b?$/i)
const names = z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), z.null())

const Healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.tuple([z.enum(['CMD', 'CMD-SHELL']), text], text),
    interval: duration,
    timeout: duration,
    retries: z.int().min(1),
    start_period: duration,
  }),
])

const Service = z.strictObject({
  image: text,
  build: z.strictObject({ context: text, dockerfile: text }).optional(),
  profiles: z.array(text).min(1).optional(),
  restart: z.union([z.enum(['no', 'always', 'unless-stopped']), z.string().regex(/^on-failure(:\d+)?$/)]),
  depends_on: z
    .record(
      text,
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
      }),
    )
    .optional(),
  command: z.array(text).min(1).optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  ports: z.array(text).optional(),
  volumes: z.array(text).optional(),
  network_mode: z.literal('none').optional(),
  tmpfs: z.array(z.string().startsWith('/')).optional(),
  healthcheck: Healthcheck.optional(),
  stop_grace_period: duration.optional(),
  mem_limit: bytes.optional(),
  pids_limit: z.int().min(1),
  ulimits: z.strictObject({ nofile: z.int() }).optional(),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  logging: z.strictObject({ driver: text, options: z.strictObject({ 'max-size': bytes, 'max-file': text }) }),
})
export type Service = z.infer<typeof Service>

const ComposeFile = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
    services: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), Service),
    volumes: names,
  })
  .catchall(z.unknown())
  .refine(
    file => Object.keys(file).every(key => ['name', 'services', 'volumes'].includes(key) || key.startsWith('x-')),
    'has another top-level key',
  )
export type ComposeFile = z.infer<typeof ComposeFile>

/** Reads the file as `docker compose` does with no variable set: merged, and each `${NAME:-default}` its default. */
export function readCompose(path: string): { file: ComposeFile; variables: Map<string, string> } {
  const variables = new Map<string, string>()
  const interpolated = interpolate(parse(readFileSync(path, 'utf8'), { merge: true }), variables)
  return { file: ComposeFile.parse(interpolated), variables }
}

/** Throws for a `$` of any other form: without a default the file would not start as it is. */
function interpolate(value: unknown, variables: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map(item => interpolate(item, variables))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, variables)]))
  if (typeof value !== 'string') return value
  const replaced = value.replaceAll(/\$\{([A-Z][A-Z0-9_]*):-([^}]*)\}/g, (_, name: string, fallback: string) => {
    if ((variables.get(name) ?? fallback) !== fallback) throw new Error(`${name} has two defaults`)
    variables.set(name, fallback)
    return fallback
  })
  if (replaced.includes('$')) throw new Error(`${value}: only the form \${NAME:-default} is ours`)
  return replaced
}

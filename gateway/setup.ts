import { type NamedTarget, targetsOf } from './alarms/targets.ts'
import { type Loaded, loadCertificates } from './certificates/certificates.ts'
import { type Config, readConfig } from './config.ts'
import type { Registry } from './devices/registry.ts'
import { readRegistryAside } from './devices/registry-aside.ts'
import { readRegistry } from './devices/registry-file.ts'
import { ConfigError } from './errors.ts'
import { secretMistake } from './webhook/signature.ts'

/** What a person sets up: settings (contract 8), the registry (contract 7), who is told, which takes both, and the certificate. */
export type Setup = {
  config: Config
  registry: Registry
  targets: NamedTarget[]
  certificates: Loaded | undefined
  warnings: string[]
}

/** Throws ConfigError with every mistake of all of them: whoever mends them must not have to come back for the next one. */
export function readSetup(env?: Record<string, string | undefined>): Setup {
  const settings = readConfig(env)
  const { config } = settings
  const { registry, ...file } = readRegistry(config.registryFile)
  const told = targetsOf(file.endpoints, config.dispatch, config.secret, secretMistake)
  const certificates = config.tls && loadCertificates(config.tls)
  const unfit = certificates !== undefined && 'mistakes' in certificates
  const mistakes = [...settings.mistakes, ...(unfit ? certificates.mistakes : []), ...file.mistakes, ...told.mistakes]
  if (registry === undefined || unfit || mistakes.length > 0) throw new ConfigError(mistakes)
  return { config, registry, targets: told.targets, certificates, warnings: [...settings.warnings, ...file.warnings] }
}

export type Again = { registry: Registry; targets: NamedTarget[]; warnings: string[] } | { mistakes: string[] }

/**
 * The registry and the secrets of its endpoints as they are now, for a gateway that runs; each secret that comes from a file is
 * read anew, that of dispatch too. Settings stay as they were at the start. Every mistake, not the first one.
 */
export async function readAgain(config: Config): Promise<Again> {
  const { registry, ...file } = await readRegistryAside(config.registryFile)
  const secret = config.dispatch && config.secret('GATEHOUSE_DISPATCH_SECRET')
  const unread = secret !== undefined && 'mistake' in secret
  const dispatch = config.dispatch && {
    ...config.dispatch,
    secret: (unread ? undefined : secret?.value) ?? config.dispatch.secret,
  }
  const told = targetsOf(file.endpoints, dispatch, config.secret, secretMistake)
  const mistakes = [...(unread ? [secret.mistake] : []), ...file.mistakes, ...told.mistakes]
  if (registry === undefined || mistakes.length > 0) return { mistakes }
  return { registry, targets: told.targets, warnings: file.warnings }
}

import { type NamedTarget, targetsOf } from './alarms/targets.ts'
import { type Loaded, loadCertificates } from './certificates.ts'
import { type Config, readConfig } from './config.ts'
import type { Registry } from './devices/registry.ts'
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

import { type NamedTarget, targetsOf } from './alarms/targets.ts'
import { type Config, readConfig } from './config.ts'
import type { Registry } from './devices/registry.ts'
import { readRegistry } from './devices/registry-file.ts'
import { ConfigError } from './errors.ts'
import { secretMistake } from './webhook/signature.ts'

/** What a person sets up: settings (contract 8), the registry (contract 7), and who is told, which takes both. */
export type Setup = { config: Config; registry: Registry; targets: NamedTarget[]; warnings: string[] }

/** Throws ConfigError with every mistake of all three: whoever mends them must not have to come back for the next one. */
export function readSetup(env?: Record<string, string | undefined>): Setup {
  const settings = readConfig(env)
  const { config } = settings
  const { registry, ...file } = readRegistry(config.registryFile)
  const told = targetsOf(file.endpoints, config.dispatch, config.secret, secretMistake)
  const mistakes = [...settings.mistakes, ...file.mistakes, ...told.mistakes]
  if (registry === undefined || mistakes.length > 0) throw new ConfigError(mistakes)
  return { config, registry, targets: told.targets, warnings: [...settings.warnings, ...file.warnings] }
}

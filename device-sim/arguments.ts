import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** The command line is wrong: the message says how to mend it, the exit code is 2. */
export class UsageError extends Error {}

/** The command could not do its work: the message is for a person, the exit code is 1. */
export class Failure extends Error {}

/** One command of `npm run sim`. `run` returns the exit code. */
export type Command = { summary: string; help: string; run: (argv: string[]) => Promise<number> }

const helpOption = { help: { type: 'boolean', short: 'h' } } as const

/** The parsed options, or undefined when `--help` was asked for. Throws UsageError. */
export function readArguments<const O extends ParseArgsOptionsConfig>(argv: string[], options: O) {
  const config = {
    args: argv,
    options: { ...options, ...helpOption },
    strict: true,
    allowPositionals: false,
  } satisfies ParseArgsConfig
  try {
    const { values } = parseArgs(config)
    return (values as { help?: boolean }).help ? undefined : values
  } catch (error) {
    // parseArgs marks what the user did wrong with these codes; anything else is our own mistake.
    if (error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS_'))
      throw new UsageError(error.message)
    throw error
  }
}

export function required(value: string | undefined, flag: string, what: string): string {
  if (value === undefined || value === '') throw new UsageError(`${flag} is missing: ${what}`)
  return value
}

/** A finite number within both ends. */
export function numberOf(text: string, flag: string, range: { min: number; max: number; whole?: boolean }): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= range.min && value <= range.max) || (range.whole && !Number.isInteger(value)))
    throw new UsageError(
      `${flag} is "${text}": it must be a ${range.whole ? 'whole ' : ''}number from ${range.min} to ${range.max}`,
    )
  return value
}

export function oneOf<T extends string>(text: string, flag: string, allowed: readonly T[]): T {
  const found = allowed.find(value => value === text)
  if (found === undefined) throw new UsageError(`${flag} is "${text}": it must be one of ${allowed.join(', ')}`)
  return found
}

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { unknownOption } from '../nearest.ts'

/** The command line is wrong: the message says how to mend it, the exit code is 2. */
export class UsageError extends Error {}

/** The registry or the CSV has mistakes, or would have: each on a line of its own, the exit code is 78. Nothing was changed. */
export class Refusal extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}

/** Where a command says what it did, what went wrong beside it, and which registry it works on. */
export type Surroundings = {
  registryFile: string
  say: (line: string) => void
  warn: (line: string) => void
  /** How far a long piece of work is. */
  progress?: ((what: string, done: number, all: number) => void) | undefined
}
/** One command of `npm run registry`. Throws UsageError and Refusal. */
export type Command = { summary: string; help: string; run: (argv: string[], around: Surroundings) => void }

const ofAll = { help: { type: 'boolean', short: 'h' }, file: { type: 'string', short: 'f' } } as const

/** The parsed options and what stands between them; undefined when `--help` was asked for. Throws UsageError. */
export function readArguments<const O extends ParseArgsOptionsConfig>(argv: string[], options: O) {
  const config = { args: argv, options: { ...options, ...ofAll }, strict: true, allowPositionals: true } as const
  try {
    const { values, positionals } = parseArgs(config)
    return (values as { help?: boolean }).help ? undefined : { values, positionals }
  } catch (error) {
    // parseArgs marks what the user did wrong with these codes; anything else is our own mistake.
    if (error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS_'))
      throw new UsageError(unknownOption(error, config.options) ?? error.message)
    throw error
  }
}

/** The one thing that the command is about. */
export function onlyOne(given: readonly string[], what: string): string {
  const [one, ...rest] = given
  if (one === undefined) throw new UsageError(`${what} is missing`)
  if (rest.length > 0) throw new UsageError(`one ${what} at a time; ${rest.join(' ')} is one too many`)
  return one
}

export function numberOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`${flag} is "${text}": it must be a number`)
  return value
}

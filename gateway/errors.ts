/**
 * What can go wrong while running. A refusal is data, never one of these; a programmer error is a plain Error and ends
 * the process. `retryable`: the same call may succeed later without anybody mending anything.
 */
export class OperationalError extends Error {
  readonly code: string
  readonly retryable: boolean

  constructor(code: string, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'OperationalError'
    this.code = code
    this.retryable = options.retryable
  }
}

/** A mistake in settings or registry: the process says it and exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends OperationalError {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super('config', mistakes.join('\n'), { retryable: false })
    this.mistakes = mistakes
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

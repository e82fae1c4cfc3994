import { Failure, UsageError } from './arguments.ts'

/** Runs a command of its own process: 0 or what it returns, 1 where it failed, 2 where it was called wrongly; its message is all that is said. */
export async function endWith(main: (argv: string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Failure)) throw error
    console.error(error.message)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

import { monotonicMs } from '../clock.ts'
import { registryFileFromEnvironment, terminalFromEnvironment } from '../config.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { unknownWord } from '../nearest.ts'
import { addAccount, addDevice, addSite } from '../provisioning/add-command.ts'
import { type Command, Refusal, UsageError } from '../provisioning/arguments.ts'
import { check, secret } from '../provisioning/check-command.ts'
import { disable, enable } from '../provisioning/disable-command.ts'
import { importCsv } from '../provisioning/import-command.ts'
import { rotate } from '../provisioning/rotate-command.ts'
import { createProgress } from './progress.ts'

/**
 * `npm run registry -- …`: what a person does to the registry. Exit codes: 0 done, 2 wrong use, 78 the file has mistakes or would
 * have, 1 it can't be written. Whenever it isn't 0 nothing was changed.
 */
const commands: Readonly<Record<string, Command>> = {
  'add-site': addSite,
  'add-device': addDevice,
  'add-account': addAccount,
  rotate,
  disable,
  enable,
  import: importCsv,
  check,
  secret,
}

const overview = `npm run registry -- COMMAND [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`)
  .join('\n')}

  --file FILE  the registry (default: GATEHOUSE_REGISTRY or ./registry.yaml). It is edited in place: comments, order and what isn't
               changed stay to the letter, and a result with any mistake is not written
  --help       behind a command: more about it`

const say = (line: string) => void process.stdout.write(`${line}\n`)
const warn = (line: string) => void process.stderr.write(`${line}\n`)

function main([name, ...rest]: string[]): number {
  if (name === undefined || name === '--help' || name === '-h') {
    say(overview)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    warn(`${unknownWord(name, Object.keys(commands))}\n\n${overview}`)
    return 2
  }
  const progress = createProgress(process.stderr, terminalFromEnvironment(), monotonicMs)
  try {
    command.run(rest, { registryFile: registryFileFromEnvironment(), say, warn, progress })
    return 0
  } catch (error) {
    progress.end()
    if (error instanceof UsageError) {
      warn(`${error.message}\nnpm run registry -- ${name} --help says more.`)
      return 2
    }
    if (error instanceof Refusal) {
      for (const mistake of error.mistakes) warn(mistake)
      if (name !== 'check') warn('Nothing was changed.')
      return 78
    }
    // The disk, or somebody else who edits the file. Anything else is a mistake of ours and leaves with its stack.
    if (!(error instanceof OperationalError) && (error as NodeJS.ErrnoException).syscall === undefined) throw error
    warn(`Nothing was changed: ${messageOf(error)}`)
    return 1
  }
}

process.exitCode = main(process.argv.slice(2))

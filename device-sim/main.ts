import { type Command, Failure, UsageError } from './arguments.ts'
import { auditCommand } from './audit-command.ts'
import { playCommand } from './play-command.ts'
import { pressCommand } from './press-command.ts'
import { receiverCommand } from './receiver-command.ts'
import { recordCommand } from './record-command.ts'
import { registryCommand } from './registry-command.ts'
import { runCommand } from './run-command.ts'
import { scenarioCommand } from './scenario-command.ts'

/** `npm run sim -- <command>`: exit code 0 done, 1 could not, 2 wrong command line. */
const commands: Readonly<Record<string, Command>> = {
  registry: registryCommand,
  run: runCommand,
  press: pressCommand,
  receiver: receiverCommand,
  audit: auditCommand,
  play: playCommand,
  record: recordCommand,
  scenario: scenarioCommand,
}

const overview = `npm run sim -- <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

npm run sim -- <command> --help says more.`

async function main([name, ...rest]: string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    console.log(overview)
    return 0
  }
  const command = name === undefined || !Object.hasOwn(commands, name) ? undefined : commands[name]
  if (command === undefined) {
    console.error(`${name === undefined ? 'no command given' : `unknown command "${name}"`}\n\n${overview}`)
    return 2
  }
  try {
    return await command.run(rest)
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nnpm run sim -- ${name} --help says more.`)
      return 2
    }
    if (!(error instanceof Failure)) throw error
    console.error(error.message)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))

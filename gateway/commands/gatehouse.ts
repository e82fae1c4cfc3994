#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { unknownWord } from '../nearest.ts'

/**
 * `gatehouse COMMAND …`: everything under one name. Each command is the one that `npm run` starts, with its own help and options.
 * Exit codes of all: 0 done, 1 it could not be done or found something wrong, 2 wrong use, 78 mistakes in settings or registry.
 */
type Entry = { summary: string; run: () => Promise<unknown>; before?: string[] }
const commands: Readonly<Record<string, Entry>> = {
  start: { summary: 'the gateway, until SIGTERM', run: () => import('../main.ts') },
  'check-config': {
    summary: 'every mistake in settings and registry, and what they come to',
    run: () => import('./check-config.ts'),
  },
  registry: {
    summary: 'sites, devices and accounts: add, import, rotate, disable, check',
    run: () => import('./registry.ts'),
  },
  token: { summary: 'who may use the API: add, list, rotate, revoke', run: () => import('./token.ts') },
  audit: { summary: 'who did what: verify, list, head', run: () => import('./audit.ts') },
  pseudonym: { summary: 'keys of pseudonyms: list, rotate, prune', run: () => import('./pseudonym.ts') },
  erase: { summary: 'erases a person or plate from the journal', run: () => import('./erase.ts') },
  backup: { summary: 'a copy while the gateway runs; backup verify DIR', run: () => import('./backup.ts') },
  restore: { summary: 'a data directory of a backup', run: () => import('./backup.ts'), before: ['restore'] },
}

const help = `gatehouse COMMAND [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(13)} ${summary}`)
  .join('\n')}

  COMMAND --help  more about it
  --version       of this Gatehouse

Settings are environment variables, the same for all (README). "npm run COMMAND -- …" does the same.
Exit codes: 0 done; 1 it could not be done, or found something wrong; 2 wrong use; 78 mistakes in settings or registry.
On a terminal long work shows how far it is. NO_COLOR and TERM=dumb are respected.
`

const [name, ...rest] = process.argv.slice(2)
const entry = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
if (entry !== undefined) {
  if (name === 'start' && rest.length > 0) await explainStart(rest)
  else {
    process.argv.splice(2, process.argv.length, ...(entry.before ?? []), ...rest)
    await entry.run()
  }
} else if (name === undefined || name === '--help' || name === '-h' || name === 'help') process.stdout.write(help)
else if (name === '--version' || name === '-v') process.stdout.write(`${versionOf()}\n`)
else {
  process.stderr.write(`${unknownWord(name, [...Object.keys(commands), '--help', '--version'])}\n\n${help}`)
  process.exitCode = 2
}

/** The gateway takes settings only: a flag that it would pass over is a mistake. */
async function explainStart([word]: string[]): Promise<void> {
  if (word === '--help' || word === '-h')
    process.stdout.write(`gatehouse start

Starts the gateway with the settings of the environment, until SIGTERM or SIGINT; SIGHUP reloads registry and certificate.
Exit codes: 0 stopped, 78 mistakes in settings or registry (each on a line), 1 anything else.
`)
  else {
    process.stderr.write(
      `${unknownWord(word as string, ['--help'])}\nSettings are environment variables; gatehouse check-config reads them.\n`,
    )
    process.exitCode = 2
  }
}

function versionOf(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { makeBackup } from '../backup/make.ts'
import type { Manifest } from '../backup/manifest.ts'
import { restoreBackup } from '../backup/restore.ts'
import { verifyBackup } from '../backup/verify.ts'
import { elapsedSince, monotonicMs, systemClock } from '../clock.ts'
import { readConfig, terminalFromEnvironment } from '../config.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { unknownOption, unknownWord } from '../nearest.ts'
import type { Progress } from '../sqlite/backup.ts'
import { createProgress } from './progress.ts'

/** `npm run backup -- …` and `npm run restore -- …`. Exit codes: 0 done, 1 it could not be done, 2 wrong use. */
const help = `npm run backup -- --to DIR          backs up GATEHOUSE_DATA_DIR and GATEHOUSE_REGISTRY while the gateway runs
npm run backup -- verify DIR        proves that a backup is whole and equal to what was backed up
npm run restore -- DIR --data-dir NEW
                                    makes a new data directory of a backup, and proves it equal

  --data-dir DIR   in the place of GATEHOUSE_DATA_DIR; for restore an empty or missing directory
  --registry FILE  in the place of GATEHOUSE_REGISTRY
  --timeout S      gives up after so many seconds (3600), and leaves nothing behind
  --json           says what was done as one line of JSON: {"dir":…,"manifest":{…}}

A backup holds the journal with everything as devices sent it, keys and tokens: only its owner may read it (0700/0600), so
keep it like the data directory, and delete it when its time is over. Who was erased from the journal is still in older backups.
`
class WrongUse extends Error {}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const options = {
  to: { type: 'string' },
  'data-dir': { type: 'string' },
  registry: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const
const bar = createProgress(process.stderr, terminalFromEnvironment(), monotonicMs)

try {
  await run()
} catch (error) {
  bar.end()
  if (!(error instanceof WrongUse || error instanceof OperationalError || (error as NodeJS.ErrnoException).syscall))
    throw error
  process.stderr.write(`${messageOf(error)}\n${error instanceof WrongUse ? `\n${help}` : ''}`)
  process.exitCode = error instanceof WrongUse ? 2 : 1
}

async function run(): Promise<void> {
  const { values, positionals } = readArguments()
  if (values.help || (positionals.length === 0 && values.to === undefined)) {
    say(help)
    return
  }
  const timeoutS = Number(values.timeout ?? 3600)
  if (!(timeoutS > 0)) throw new WrongUse(`--timeout: ${values.timeout} is not a number of seconds`)
  const [command, dir, ...more] = positionals
  const progress = progressWithin(timeoutS)
  // The gateway's alarms come first.
  setPriority(10)
  if (command === undefined && values.to !== undefined)
    await make(values.to, values['data-dir'], values.registry, progress, values.json)
  else if (command === 'verify' && dir !== undefined && more.length === 0)
    told(dir, await verifyBackup(dir, progress), values.json, words => [
      `${dir}: whole, and equal to what was backed up: ${words}`,
    ])
  else if (command === 'restore' && dir !== undefined && more.length === 0)
    await restore(dir, values['data-dir'], progress, values.json)
  else throw new WrongUse(unknownWord(positionals.join(' '), ['verify', 'restore']))
}

/** As lines, or as JSON for a program. */
function told(dir: string, manifest: Manifest, asJson: boolean, lines: (words: string) => string[]): void {
  bar.end()
  if (asJson) say(JSON.stringify({ dir, manifest }))
  else for (const line of lines(wordsOf(manifest))) say(line)
}

async function make(
  to: string,
  dataDir: string | undefined,
  registry: string | undefined,
  progress: Progress,
  asJson: boolean,
): Promise<void> {
  const { config } = readConfig()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const startedMs = monotonicMs()
  const manifest = await makeBackup({
    dataDir: dataDir ?? config.dataDir,
    registryFile: registry ?? config.registryFile,
    to,
    isKeySet: config.pseudonymKey !== undefined,
    version,
    clock: systemClock,
    progress,
  })
  const seconds = Math.ceil(elapsedSince(startedMs) / 1000)
  told(to, manifest, asJson, words => [
    `${to}: ${words}; read again and equal, in ${seconds} s`,
    ...manifest.notIncluded.map(missing => `  not in it: ${missing}`),
    '  it holds personal data as devices sent it, and keys: keep it like the data directory',
  ])
}

async function restore(dir: string, dataDir: string | undefined, progress: Progress, asJson: boolean): Promise<void> {
  if (dataDir === undefined) throw new WrongUse('--data-dir: is missing; name the new data directory')
  const manifest = await restoreBackup(dir, dataDir, progress)
  told(dataDir, manifest, asJson, words => [
    `${dataDir}: restored, and equal to the backup row by row: ${words}`,
    `  start the gateway with GATEHOUSE_DATA_DIR=${dataDir}`,
    ...('registry.yaml' in manifest.files ? [`  the registry as it was: ${dir}/registry.yaml`] : []),
    ...manifest.notIncluded.map(missing => `  not in the backup: ${missing}`),
  ])
}

function wordsOf({ at, journal, files }: Manifest): string {
  const { entries, lastSeq, alarms } = journal
  return `${Object.keys(files).length} files of ${at}, ${entries} entries up to number ${lastSeq}, ${alarms} alarms`
}

/** Shows how far it is, and gives up in time. */
function progressWithin(timeoutS: number): Progress {
  const startedMs = monotonicMs()
  return (what, done, all) => {
    if (elapsedSince(startedMs) > timeoutS * 1000)
      throw new OperationalError('backup-late', `not done within ${timeoutS} s; give it more with --timeout`, {
        retryable: true,
      })
    bar(what, done, all)
  }
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw new WrongUse(unknownOption(error, options) ?? messageOf(error))
  }
}

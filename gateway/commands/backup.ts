import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { makeBackup } from '../backup/make.ts'
import type { Manifest } from '../backup/manifest.ts'
import { restoreBackup } from '../backup/restore.ts'
import { verifyBackup } from '../backup/verify.ts'
import { elapsedSince, monotonicMs, systemClock } from '../clock.ts'
import { readConfig } from '../config.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Progress } from '../sqlite/backup.ts'

/** `npm run backup -- …` and `npm run restore -- …`. Exit codes: 0 done, 1 it could not be done, 2 wrong use. */
const help = `npm run backup -- --to DIR          backs up GATEHOUSE_DATA_DIR and GATEHOUSE_REGISTRY while the gateway runs
npm run backup -- verify DIR        proves that a backup is whole and equal to what was backed up
npm run restore -- DIR --data-dir NEW
                                    makes a new data directory of a backup, and proves it equal

  --data-dir DIR   in the place of GATEHOUSE_DATA_DIR; for restore an empty or missing directory
  --registry FILE  in the place of GATEHOUSE_REGISTRY
  --timeout S      gives up after so many seconds (3600), and leaves nothing behind

A backup holds the journal with everything as devices sent it, keys and tokens: only its owner may read it (0700/0600), so
keep it like the data directory, and delete it when its time is over. Who was erased from the journal is still in older backups.
`
class WrongUse extends Error {}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const progressEveryMs = 200

try {
  await run()
} catch (error) {
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
    await make(values.to, values['data-dir'], values.registry, progress)
  else if (command === 'verify' && dir !== undefined && more.length === 0)
    say(`${dir}: whole, and equal to what was backed up: ${wordsOf(await verifyBackup(dir, progress))}`)
  else if (command === 'restore' && dir !== undefined && more.length === 0)
    await restore(dir, values['data-dir'], progress)
  else throw new WrongUse(`unknown: ${positionals.join(' ')}`)
}

async function make(
  to: string,
  dataDir: string | undefined,
  registry: string | undefined,
  progress: Progress,
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
  say(`${to}: ${wordsOf(manifest)}; read again and equal, in ${Math.ceil(elapsedSince(startedMs) / 1000)} s`)
  for (const missing of manifest.notIncluded) say(`  not in it: ${missing}`)
  say('  it holds personal data as devices sent it, and keys: keep it like the data directory')
}

async function restore(dir: string, dataDir: string | undefined, progress: Progress): Promise<void> {
  if (dataDir === undefined) throw new WrongUse('--data-dir: is missing; name the new data directory')
  const manifest = await restoreBackup(dir, dataDir, progress)
  say(`${dataDir}: restored, and equal to the backup row by row: ${wordsOf(manifest)}`)
  say(`  start the gateway with GATEHOUSE_DATA_DIR=${dataDir}`)
  if ('registry.yaml' in manifest.files) say(`  the registry as it was: ${dir}/registry.yaml`)
  for (const missing of manifest.notIncluded) say(`  not in the backup: ${missing}`)
}

function wordsOf({ at, journal, files }: Manifest): string {
  const { entries, lastSeq, alarms } = journal
  return `${Object.keys(files).length} files of ${at}, ${entries} entries up to number ${lastSeq}, ${alarms} alarms`
}

/** On a terminal a line that shows how far it is. */
function progressWithin(timeoutS: number): Progress {
  const startedMs = monotonicMs()
  let shownMs = 0
  return (what, done, all) => {
    const now = monotonicMs()
    if (now - startedMs > timeoutS * 1000)
      throw new OperationalError('backup-late', `not done within ${timeoutS} s; give it more with --timeout`, {
        retryable: true,
      })
    if (!process.stderr.isTTY || (now - shownMs < progressEveryMs && done < all)) return
    shownMs = now
    process.stderr.write(`\r${what} ${all === 0 ? 100 : Math.floor((100 * done) / all)} %  ${done < all ? '' : '\n'}`)
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        'data-dir': { type: 'string' },
        registry: { type: 'string' },
        timeout: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new WrongUse(messageOf(error))
  }
}

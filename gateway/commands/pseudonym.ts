import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { iso } from '../clock.ts'
import { readConfig } from '../config.ts'
import { messageOf } from '../errors.ts'
import { fingerprintOf, neededFor } from '../journal/versions.ts'
import { unknownWord } from '../nearest.ts'
import { keyFileIn, newKey, pseudonymKeys, readKeys, writeKeys } from '../pseudonym-keys.ts'
import { readBeside } from '../sqlite/beside.ts'

/** `npm run pseudonym -- …`. Exit codes: 0 done, 1 it could not be done, 2 wrong use. */
const help = `npm run pseudonym -- COMMAND

  list     the versions of the key: from which entry of the journal on each masks, since when, and whether its key is there
  rotate   makes a new key in GATEHOUSE_DATA_DIR. The gateway takes it at its next start: entries from then on have other
           pseudonyms, those before keep theirs. With GATEHOUSE_PSEUDONYM_KEY set: put its value into
           GATEHOUSE_PSEUDONYM_KEY_PREVIOUS and a new one into it
  prune    forgets keys that mask no entry of the journal any more: what InfluxDB holds under them can be linked to nobody
`
const say = (text: string) => process.stdout.write(`${text}\n`)
const [command, ...rest] = process.argv.slice(2)
const { config } = readConfig()
const keyFile = keyFileIn(config.dataDir)
const journal = join(config.dataDir, 'journal.sqlite')

try {
  if (command === undefined || command === '--help' || command === '-h') say(help)
  else if (command === 'list' && rest.length === 0) list()
  else if (command === 'rotate' && rest.length === 0) rotate()
  else if (command === 'prune' && rest.length === 0) prune()
  else {
    process.stderr.write(`${unknownWord([command, ...rest].join(' '), ['list', 'rotate', 'prune'])}\n\n${help}`)
    process.exitCode = 2
  }
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}

function versionsNow() {
  const log = readBeside(journal)
  try {
    return { ...log.pseudonymVersions(), firstSeq: log.firstSeq() }
  } finally {
    log.close()
  }
}

function list(): void {
  const present = new Set(pseudonymKeys(config).map(fingerprintOf))
  for (const { version, fromSeq, fingerprint, sinceMs } of versionsNow().versions)
    say(
      `${version}  from entry ${fromSeq}  since ${iso(sinceMs)}  key ${fingerprint}  ${present.has(fingerprint) ? 'present' : 'MISSING'}`,
    )
}

function rotate(): void {
  if (config.pseudonymKey !== undefined)
    throw new Error(
      'GATEHOUSE_PSEUDONYM_KEY is set: put its value into GATEHOUSE_PSEUDONYM_KEY_PREVIOUS, a new one into it, and start the gateway again',
    )
  const keys = existsSync(keyFile) ? readKeys(keyFile) : []
  const made = newKey()
  writeKeys(keyFile, [...keys, made])
  say(`${keyFile}: a new key (${fingerprintOf(made)}). The gateway takes it at its next start`)
}

/** A key stays while it may mask an entry: until the version after it begins before the oldest one. */
function prune(): void {
  if (!existsSync(keyFile)) throw new Error(`${keyFile}: there is no such file; the key comes from the settings`)
  const { versions, firstSeq, lastSeq } = versionsNow()
  const needed = neededFor(versions, firstSeq ?? lastSeq + 1)
  const keys = readKeys(keyFile)
  // The last one is the gateway's, also before it has started with it.
  const kept = keys.filter((key, index) => index === keys.length - 1 || needed.has(fingerprintOf(key)))
  if (kept.length < keys.length) writeKeys(keyFile, kept)
  say(`${keyFile}: ${keys.length - kept.length} keys forgotten, ${kept.length} kept`)
}

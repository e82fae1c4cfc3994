import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { EraseBody } from '../../schemas/audit.ts'
import { systemClock } from '../clock.ts'
import { readConfig } from '../config.ts'
import { messageOf } from '../errors.ts'
import { type Erased, erase } from '../journal/erasing.ts'
import { createMention, type Subject } from '../journal/mention.ts'
import { createMasking, keyed } from '../journal/versions.ts'
import { pseudonymKeys } from '../pseudonym-keys.ts'
import { writeBeside } from '../sqlite/beside.ts'

/** `npm run erase -- …`. Exit codes: 0 done, 1 it could not be done, 2 wrong use. */
const help = `npm run erase -- (ref | plate) --reason TEXT

  ref     a person's reference, as devices say it
  plate   a plate
  --reason  why: the number of a request or an incident. It stays in the audit log for ever: no name, reference or plate

  What is to be erased is asked for, or read from standard input: on the command line it would stand in the list of processes
  and in the shell's history. A gateway may run meanwhile. Settings as the gateway has them (GATEHOUSE_DATA_DIR,
  GATEHOUSE_PSEUDONYM_KEY). POST /api/v1/erase does the same.
`
const say = (text: string): void => void process.stdout.write(`${text}\n`)

class WrongUse extends Error {}

try {
  await main()
} catch (error) {
  const isWrongUse = error instanceof WrongUse
  process.stderr.write(`${messageOf(error)}\n${isWrongUse ? `\n${help}` : ''}`)
  process.exitCode = isWrongUse ? 2 : 1
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments()
  const [kind] = positionals
  if (values.help || kind === undefined) {
    say(help)
    return
  }
  if (kind !== 'ref' && kind !== 'plate') throw new WrongUse('the first word is ref or plate')
  // What stands behind it may be the reference itself: it is not repeated.
  if (positionals.length > 1) throw new WrongUse(`nothing may stand behind ${kind}: it is read from standard input`)
  if (values.reason === undefined) throw new WrongUse('--reason is missing')
  const body = EraseBody.safeParse({ [kind]: await readValue(kind), reason: values.reason })
  if (!body.success)
    throw new WrongUse(body.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n'))
  const { ref, plate, reason } = body.data
  const subject: Subject = ref === undefined ? { plate: plate as string } : { ref }
  if (createMention(subject)(reason)) throw new WrongUse('--reason names whom it is about, and stays for ever')
  tell(await run(subject, reason), kind)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { reason: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch {
    // Its message repeats what was given.
    throw new WrongUse('an unknown option, or one without its value')
  }
}

async function readValue(kind: string): Promise<string> {
  const input = createInterface({ input: process.stdin, output: process.stdin.isTTY ? process.stderr : undefined })
  const prompt = process.stdin.isTTY ? `${kind} to erase: ` : ''
  const value = await Promise.race([
    input.question(prompt),
    new Promise<string>(resolve => input.once('close', () => resolve(''))),
  ])
  input.close()
  return value.trim()
}

async function run(subject: Subject, reason: string): Promise<Erased> {
  const { config, mistakes } = readConfig()
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'))
  const journal = writeBeside(join(config.dataDir, 'journal.sqlite'))
  try {
    const masking = createMasking(keyed(journal.pseudonymVersions().versions, pseudonymKeys(config)).versions)
    return await erase(journal.store, masking, { subject, reason, caller: 'command' }, systemClock)
  } finally {
    journal.close()
  }
}

function tell({ entries, rejections, left, pseudonyms, logEmptied }: Erased, kind: string): void {
  say(`erased in ${entries} events; ${rejections} rejected payloads are gone`)
  if (left > 0) say(`${left} events name it still, in their id or in a door's or camera's name, which stay as they are`)
  if (!logEmptied) say('journal.sqlite-wal could not be emptied while others read: run this again later')
  const field = kind === 'ref' ? 'personKey' : 'plateKey'
  const measurements = kind === 'ref' ? 'access, face' : 'vehicle'
  say(`InfluxDB has no name, only these pseudonyms; it deletes by tag and time, not by field, so look them up first:`)
  for (const { version, pseudonym } of pseudonyms)
    say(`  key version ${version}:  SELECT * FROM ${measurements} WHERE ${field} = '${pseudonym}'`)
  say(`then for each: DELETE FROM <measurement> WHERE device = '<device>' AND time = <time>`)
}

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseTime } from '../../schemas/time.ts'
import { type Head, headText, parseHead, type StoredLine } from '../audit/line.ts'
import { type KeptHead, verify } from '../audit/verify.ts'
import { iso, monotonicMs } from '../clock.ts'
import { readConfig, terminalFromEnvironment } from '../config.ts'
import { messageOf } from '../errors.ts'
import { unknownOption, unknownWord } from '../nearest.ts'
import { headFileBeside, readHead } from '../sqlite/audit-head.ts'
import { readBeside } from '../sqlite/beside.ts'
import { createProgress } from './progress.ts'

/** `npm run audit -- …`. Exit codes: 0 good, 1 the log is broken or can't be read, 2 wrong use. */
const help = `npm run audit -- COMMAND [--file FILE]

  verify [--head N:HASH]… [--json]
                            checks every line of the audit log, and that its end is the one noted in audit.head beside it;
                            names the first line that was changed, is missing, was put in or moved
    --head                  also that line N had this hash: a head that was kept elsewhere ("audit.head" in the gateway's log,
                            "npm run audit -- head"), since whoever may write both files may make both anew
  list [--from TIME] [--to TIME] [--what NAME] [--json]
                            prints it; NAME like alarm.closed, or alarm for all of alarm.…
  head                      prints its end, to be kept elsewhere

  --file                    a copy of journal.sqlite; without it the one in GATEHOUSE_DATA_DIR. A gateway may run on it
`
const listed = 1000
const options = {
  file: { type: 'string' },
  head: { type: 'string', multiple: true },
  from: { type: 'string' },
  to: { type: 'string' },
  what: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
const bar = createProgress(process.stderr, terminalFromEnvironment(), monotonicMs)

const say = (text: string): void => void process.stdout.write(`${text}\n`)

class WrongUse extends Error {}

try {
  run()
} catch (error) {
  const isWrongUse = error instanceof WrongUse
  process.stderr.write(`${messageOf(error)}\n${isWrongUse ? `\n${help}` : ''}`)
  process.exitCode = isWrongUse ? 2 : 1
}

function run(): void {
  const { values, positionals } = readArguments()
  const [command] = positionals
  if (values.help || command === undefined) {
    say(help)
    return
  }
  if (positionals.length > 1 || !['verify', 'list', 'head'].includes(command))
    throw new WrongUse(unknownWord(positionals.join(' '), ['verify', 'list', 'head']))
  const heads = (values.head ?? []).map(parseHead)
  if (heads.includes(undefined)) throw new WrongUse('--head: is not of the form N:HASH, a number and 64 hex digits')
  const query = { fromMs: timeOf(values.from), toMs: timeOf(values.to), what: values.what }
  const file = values.file ?? join(readConfig().config.dataDir, 'journal.sqlite')
  // Before the lines: one that is added meanwhile must not look like one too many.
  const noted = readHead(headFileBeside(file))
  const log = readBeside(file)
  try {
    if (command === 'verify')
      verifyFile(file, counted(log.lines(), log.auditHead().n), noted, heads as Head[], values.json)
    else if (command === 'head') say(headText(log.auditHead()))
    else for (const line of oldestFirst(log, query)) print(line, values.json)
  } finally {
    log.close()
  }
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? undefined : parseTime(text)
  if (text !== undefined && time === undefined)
    throw new WrongUse(`--from, --to: ${text} is not a time with an offset, like 2026-11-24T08:00:00+08:00`)
  return time
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options })
  } catch (error) {
    throw new WrongUse(unknownOption(error, options) ?? messageOf(error))
  }
}

/** Says how far it is as they pass. */
function* counted(lines: Iterable<StoredLine>, all: number): Iterable<StoredLine> {
  let done = 0
  try {
    for (const line of lines) {
      yield line
      bar('lines', ++done, all)
    }
  } finally {
    bar.end()
  }
}

function verifyFile(
  file: string,
  lines: Iterable<StoredLine>,
  noted: Head | undefined,
  given: readonly Head[],
  asJson: boolean | undefined,
): void {
  const kept: KeptHead[] = given.map(head => ({ ...head, from: '--head' }))
  if (noted !== undefined) kept.push({ ...noted, from: headFileBeside(file) })
  const verdict = verify(lines, kept)
  if (asJson) {
    tell(file, verdict)
    return
  }
  if (!verdict.good) throw new Error(`${file}: the audit log is broken at line ${verdict.n}: ${verdict.why}`)
  const after = noted === undefined ? undefined : verdict.head.n - noted.n
  say(`${file}: ${verdict.head.n} lines, unbroken. Head ${headText(verdict.head)}`)
  if (after === undefined)
    say(`There is no audit.head beside it: that lines are missing at its end shows only with --head`)
  else if (after > 0)
    say(`${after} lines are newer than audit.head: the gateway was killed before it noted them, or adds them just now`)
}

/** For a program: on stdout whatever the verdict is. */
function tell(file: string, verdict: ReturnType<typeof verify>): void {
  say(JSON.stringify({ file, ...verdict }))
  if (!verdict.good) process.exitCode = 1
}

/** By pages, newest first, turned around. */
function oldestFirst(
  log: ReturnType<typeof readBeside>,
  query: { fromMs: number | undefined; toMs: number | undefined; what: string | undefined },
): StoredLine[] {
  const lines: StoredLine[] = []
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
    const page: ReturnType<typeof log.audit> = log.audit({ ...query, before, limit: listed })
    lines.push(...page.items)
    before = page.next
  }
  return lines.reverse()
}

function print({ n, at, by, what, subject, details, hash }: StoredLine, asJson: boolean | undefined): void {
  const time = iso(at)
  if (asJson) say(JSON.stringify({ n, at: time, by, what, subject, details: JSON.parse(details), hash }))
  else say(`${n}  ${time}  ${what}  ${subject ?? '-'}  by ${by}  ${details}`)
}

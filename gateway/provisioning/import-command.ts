import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { type Command, Refusal, readArguments, type Surroundings, UsageError } from './arguments.ts'
import { parseCsv } from './csv.ts'
import { columnsInWords, entriesOf, type Read } from './csv-entries.ts'
import { asCsv, edit, type Made, show, takenOver } from './edit.ts'
import type { RegistryText } from './registry-text.ts'
import { makeSecret } from './secret.ts'

const help = `npm run -s registry -- import CSV… [--update] [--secrets FILE]

Adds the sites and devices of CSV files (UTF-8): all of them, or, where any line has a mistake, none. The first line names the columns:
${columnsInWords.replace('; ', ';\n')}.
A file with a column site holds devices, one without it sites; a column type (site, device) says it for each line. contacts: NAME
PHONE; NAME PHONE. Devices without a secretHash get a secret, which is shown once, as CSV (id,secret) on stdout.

  --update         take over what the CSV says of those that are there already; without it they stay as they are. Secrets always stay
  --secrets FILE   write the secrets there (a new file, mode 0600) instead of showing them
  --dry-run        check everything and change nothing`

type Counts = { added: number; updated: number; same: number }

export const importCsv: Command = {
  summary: 'sites and devices from CSV files',
  help,
  run(argv, { registryFile, say, warn, progress }) {
    const given = readArguments(argv, {
      update: { type: 'boolean', default: false },
      secrets: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    })
    if (given === undefined) return say(help)
    const { values, positionals } = given
    const { file = registryFile, update, secrets } = values
    if (positionals.length === 0) throw new UsageError('which CSV? Name at least one file')
    const counts = { sites: { added: 0, updated: 0, same: 0 }, devices: { added: 0, updated: 0, same: 0 } }
    class Tried extends Error {}
    let made: Made[] = []
    try {
      edit(
        file,
        registry => {
          made = take(registry, positionals, update, counts, progress)
          if (!values['dry-run']) return made
          registry.result()
          throw new Tried()
        },
        secrets,
      )
    } catch (error) {
      if (!(error instanceof Tried)) throw error
    }
    // Stdout may be the secrets' CSV.
    const report = secrets === undefined && made.length > 0 && !values['dry-run'] ? warn : say
    report(`${file}: sites: ${inWords(counts.sites, update)}; devices: ${inWords(counts.devices, update)}`)
    if (values['dry-run']) return report('Nothing was changed (--dry-run).')
    if ([counts.sites, counts.devices].some(({ added, updated }) => added + updated > 0)) report(takenOver)
    if (secrets === undefined && made.length > 0) say(asCsv(made).trimEnd())
    else show(made, secrets, say)
  },
}

const inWords = ({ added, updated, same }: Counts, update: boolean): string =>
  `${added} added, ${update ? `${updated} changed, ${same} as before` : `${same} there already`}`

function take(
  registry: RegistryText,
  files: readonly string[],
  update: boolean,
  counts: Record<Read['list'], Counts>,
  progress: Surroundings['progress'],
): Made[] {
  const read = files.map(file => {
    const { rows, mistakes } = parseCsv(readCsv(file))
    const found = entriesOf(rows, file)
    return { file, entries: found.entries, mistakes: [...mistakes.map(text => `${file}:${text}`), ...found.mistakes] }
  })
  const entries = read.flatMap(({ file, entries: some }) => some.map(entry => ({ ...entry, file })))
  const mistakes = [...read.flatMap(one => one.mistakes), ...mistakesBetween(registry, entries)]
  if (mistakes.length > 0) throw new Refusal(mistakes)
  const made: Made[] = []
  for (const [done, { list, id, fields }] of entries.entries()) {
    progress?.('entries', done + 1, entries.length)
    const before = registry.find(list, id)
    if (before !== undefined) {
      const { secretHash: _, ...changes } = fields
      counts[list][update && registry.change(list, id, changes) ? 'updated' : 'same']++
      continue
    }
    counts[list].added++
    if (list === 'sites' || fields.secretHash !== undefined) {
      registry.add(list, fields)
      continue
    }
    const { secret, hash } = makeSecret()
    registry.add(list, { ...fields, secretHash: hash })
    made.push({ id, secret })
  }
  return made
}

/** What no single line shows. */
function mistakesBetween(registry: RegistryText, entries: readonly (Read & { file: string })[]): string[] {
  const first = {
    sites: new Map<string, Read & { file: string }>(),
    devices: new Map<string, Read & { file: string }>(),
  }
  const mistakes: string[] = []
  for (const entry of entries) {
    const { file, line, list, id } = entry
    const other = first[list].get(id)
    if (other === undefined) first[list].set(id, entry)
    else mistakes.push(`${file}:${line}: ${id}: stands in ${other.file}:${other.line} too`)
    if (list === 'devices' && registry.find('accounts', id) !== undefined)
      mistakes.push(`${file}:${line}: ${id}: is the id of an account`)
  }
  for (const { file, line, id, fields } of first.devices.values())
    if (!first.sites.has(fields.site as string) && registry.find('sites', fields.site as string) === undefined)
      mistakes.push(`${file}:${line}: ${id}: site: ${fields.site} is neither in the registry nor in the CSV`)
  return mistakes
}

function readCsv(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file))
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal([`${file}:1: is not UTF-8; save it as "CSV UTF-8"`])
    throw new Refusal([`${file} can't be read (${messageOf(error)})`])
  }
}

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type Clock, iso } from '../clock.ts'
import { syncDir, syncFile } from '../disk/on-disk.ts'
import { messageOf } from '../errors.ts'
import { openSnapshot, type Progress, readContent } from '../sqlite/backup.ts'
import { digestFile, journalName, type Manifest, manifestName, refused } from './manifest.ts'

/**
 * Makes a backup of a data directory, whether a gateway runs on it or not: into `to`, which isn't there before, and isn't there
 * before it is whole and was read again and found equal.
 */
export type MakeOptions = {
  dataDir: string
  registryFile: string
  to: string
  /** Where the key of pseudonyms comes from the settings it isn't in the data directory. */
  isKeySet: boolean
  version: string
  clock: Clock
  progress: Progress
}

/** Of the data directory: what the copy of the journal holds itself, and what only means something while a gateway runs. */
const notCopied = /^(journal\.sqlite.*|gateway\.lock.*|reserve|audit\.head|.*\.new|\..*)$/

export async function makeBackup(options: MakeOptions): Promise<Manifest> {
  const { dataDir, registryFile, isKeySet, version, clock, progress } = options
  const to = resolve(options.to)
  const journal = join(dataDir, journalName)
  if (!existsSync(journal))
    throw refused(`${journal}: there is no such file; set GATEHOUSE_DATA_DIR as the gateway has it`)
  if (existsSync(to)) throw refused(`${to}: is there already; give a directory that isn't, the backup makes it`)
  if (!relative(resolve(dataDir), to).startsWith('..'))
    throw refused(`${to}: lies in the data directory; a backup belongs on another disk`)
  const partial = `${to}.partial-${process.pid}`
  try {
    mkdirSync(partial, { recursive: true, mode: 0o700 })
    const at = iso(clock())
    const snapshot = openSnapshot(journal)
    let content: Manifest['journal']
    const copy = join(partial, journalName)
    try {
      content = snapshot.content(progress)
      await snapshot.copyTo(copy, progress)
    } finally {
      snapshot.close()
    }
    chmodSync(copy, 0o600)
    const differs = differenceOf(content, readContent(copy, progress))
    if (differs !== undefined)
      throw refused(`${copy}: is not equal to the journal (${differs}); try again, and look at both disks`)
    const beside = readdirSync(dataDir).filter(name => !notCopied.test(name) && statSync(join(dataDir, name)).isFile())
    for (const name of beside) copyPrivate(join(dataDir, name), join(partial, name))
    const hasRegistry = existsSync(registryFile)
    if (hasRegistry) copyPrivate(registryFile, join(partial, registryName))
    const files: Manifest['files'] = {}
    for (const name of [journalName, ...beside, ...(hasRegistry ? [registryName] : [])]) {
      const file = join(partial, name)
      syncFile(file)
      files[name] = { ...(await digestFile(file)), dataDir: name !== registryName }
    }
    const manifest: Manifest = {
      format: 1,
      gatehouse: version,
      at,
      journal: content,
      files,
      notIncluded: [
        ...(isKeySet ? ['GATEHOUSE_PSEUDONYM_KEY: without it the same person gets another pseudonym'] : []),
        ...(hasRegistry ? [] : [`the registry: ${registryFile} is not there`]),
        'settings, certificates and secrets of the environment',
      ],
    }
    const file = join(partial, manifestName)
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
    syncFile(file)
    syncDir(partial)
    renameSync(partial, to)
    syncDir(dirname(to))
    return manifest
  } catch (error) {
    try {
      rmSync(partial, { recursive: true, force: true })
    } catch (left) {
      throw refused(`${messageOf(error)}; ${basename(partial)} could not be removed (${messageOf(left)})`)
    }
    throw error
  }
}

export const registryName = 'registry.yaml'

/** undefined: they are equal. */
export function differenceOf(one: Manifest['journal'], other: Manifest['journal']): string | undefined {
  for (const key of ['fileVersion', 'lastSeq', 'entries', 'alarms'] as const)
    if (one[key] !== other[key]) return `${key} is ${other[key]}, not ${one[key]}`
  if (one.auditHead?.hash !== other.auditHead?.hash) return 'the audit log ends otherwise'
  for (const name of new Set([...Object.keys(one.tables), ...Object.keys(other.tables)])) {
    const [here, there] = [one.tables[name], other.tables[name]]
    if (here?.rows !== there?.rows) return `table ${name} has ${there?.rows ?? 'no'} rows, not ${here?.rows ?? 'any'}`
    if (here?.sha256 !== there?.sha256) return `table ${name} holds something else`
  }
  return undefined
}

function copyPrivate(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Progress, readContent } from '../sqlite/backup.ts'
import { differenceOf } from './make.ts'
import { digestFile, journalName, type Manifest, readManifest, refused } from './manifest.ts'

/**
 * Proves that a backup is whole and holds what its manifest says: every file to the byte, and every row of the journal. A
 * backup of an older version is read as it is. Throws OperationalError that names the first thing that is wrong.
 */
export async function verifyBackup(dir: string, progress: Progress): Promise<Manifest> {
  const manifest = readManifest(dir)
  for (const [name, said] of Object.entries(manifest.files)) {
    const file = join(dir, name)
    if (!existsSync(file)) throw refused(`${file}: is missing`)
    const found = await digestFile(file)
    if (found.bytes !== said.bytes || found.sha256 !== said.sha256)
      throw refused(
        `${file}: is not the file that was backed up (${found.bytes} bytes, its SHA-256 is another); take another backup`,
      )
  }
  proveEqual(join(dir, journalName), manifest, progress)
  return manifest
}

export function proveEqual(file: string, manifest: Manifest, progress: Progress): void {
  const differs = differenceOf(manifest.journal, readContent(file, progress))
  if (differs !== undefined) throw refused(`${file}: is not what was backed up: ${differs}`)
}

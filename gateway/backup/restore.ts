import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncDir, syncFile } from '../disk/on-disk.ts'
import { headFileBeside, writeHead } from '../sqlite/audit-head.ts'
import type { Progress } from '../sqlite/backup.ts'
import { lockDataDir } from '../sqlite/lock.ts'
import { journalName, type Manifest, refused } from './manifest.ts'
import { proveEqual, verifyBackup } from './verify.ts'

/**
 * Makes a data directory of a backup, and proves it equal, row by row. Into an empty or missing directory only, which is locked
 * meanwhile: no gateway can start on half of it. Of an older version it becomes a file of this one at the gateway's start.
 */
export async function restoreBackup(dir: string, dataDir: string, progress: Progress): Promise<Manifest> {
  const manifest = await verifyBackup(dir, progress)
  if (existsSync(dataDir)) {
    const found = readdirSync(dataDir).filter(name => name !== 'lost+found')
    // A gateway that runs there is the better reason, and the lock says it.
    if (found.length > 0) lockDataDir(dataDir).release()
    if (found.length > 0)
      throw refused(
        `${dataDir}: is not empty (${found.slice(0, 3).join(', ')}); restore into a new directory, nothing is overwritten`,
      )
  }
  const lock = lockDataDir(dataDir)
  const journal = join(dataDir, journalName)
  const partial = `${journal}.restoring`
  const names = Object.entries(manifest.files).flatMap(([name, { dataDir: isOfIt }]) =>
    isOfIt && name !== journalName ? [name] : [],
  )
  const placed: string[] = []
  try {
    placed.push(partial)
    copyPrivate(join(dir, journalName), partial)
    proveEqual(partial, manifest, progress)
    for (const name of names) {
      placed.push(join(dataDir, name))
      copyPrivate(join(dir, name), join(dataDir, name))
    }
    if (manifest.journal.auditHead !== null) {
      placed.push(headFileBeside(journal))
      writeHead(headFileBeside(journal), manifest.journal.auditHead)
    }
    // Last: without it there is nothing to start on.
    renameSync(partial, journal)
    syncDir(dataDir)
    return manifest
  } catch (error) {
    for (const file of placed) rmSync(file, { force: true })
    throw error
  } finally {
    lock.release()
  }
}

function copyPrivate(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o600)
  syncFile(to)
}

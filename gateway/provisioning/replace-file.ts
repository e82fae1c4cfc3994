import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { syncDir } from '../disk/on-disk.ts'
import { OperationalError } from '../errors.ts'

/**
 * Puts `text` in the place of the file's content: whole or, whatever happens, not at all, with the mode and the owner that it
 * had. Behind a symbolic link the file that it points to is replaced. Throws where the file is not as it was read, since
 * somebody else has edited it meanwhile.
 */
export function replaceFile(file: string, text: string, asRead: string): void {
  const real = realpathSync(file)
  const { mode, uid, gid } = statSync(real)
  const temporary = `${real}.${process.pid}.new`
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    try {
      writeWhole(fd, text)
      fchmodSync(fd, mode & 0o7777)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    keepOwner(temporary, uid, gid)
    if (readFileSync(real, 'utf8') !== asRead)
      throw new OperationalError('registry-changed', `${file} was edited meanwhile; try again`, { retryable: true })
    renameSync(temporary, real)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncDir(dirname(real))
}

/** A new file that only its owner reads. Throws where there is one already: it may be somebody's only copy. */
export function createSecretFile(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o600)
  try {
    writeWhole(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  syncDir(dirname(file))
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** As root for a file of somebody else: the gateway must still be able to read it. */
function keepOwner(file: string, uid: number, gid: number): void {
  const own = statSync(file)
  if (own.uid !== uid || own.gid !== gid) chownSync(file, uid, gid)
}

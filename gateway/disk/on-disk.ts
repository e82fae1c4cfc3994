import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/** What is said to be there must be on disk, and whole. */
export function syncFile(file: string): void {
  const fd = openSync(file, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A file that was made or renamed is on disk once its directory is. */
export function syncDir(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The file is there whole or not at all, readable by its owner only: a start that dies in between must not leave an empty key. */
export function writeWhole(file: string, text: string): void {
  const fd = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${file}.new`, file)
}

import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { messageOf, OperationalError } from '../errors.ts'

/** What a backup says of itself, in `manifest.json`: enough to prove that it, and what was restored of it, is whole. */
export const manifestName = 'manifest.json'
export const journalName = 'journal.sqlite'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const whole = z.int().nonnegative()
/** A name without a path in it: what is restored is written nowhere else. */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)

export const Manifest = z.object({
  format: z.literal(1),
  gatehouse: z.string().describe('Version that made it'),
  at: z.string(),
  journal: z.object({
    fileVersion: whole,
    lastSeq: whole,
    entries: whole,
    alarms: whole,
    auditHead: z.object({ n: whole, hash: sha256 }).nullable(),
    tables: z.record(z.string(), z.object({ rows: whole, sha256 })),
  }),
  files: z
    .record(name, z.object({ bytes: whole, sha256, dataDir: z.boolean().describe('Restored into the data directory') }))
    .refine(files => journalName in files, { message: 'journal.sqlite is not among its files' }),
  notIncluded: z.array(z.string()).describe('What a restored gateway needs beside it'),
})
export type Manifest = z.infer<typeof Manifest>

export function readManifest(dir: string): Manifest {
  const file = join(dir, manifestName)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw refused(`${file}: can't be read (${messageOf(error)}); is ${dir} a backup, and whole?`)
  }
  try {
    return Manifest.parse(JSON.parse(text))
  } catch (error) {
    const what = error instanceof z.ZodError ? (error.issues[0]?.message ?? '') : 'it is not JSON'
    throw refused(`${file}: is no manifest of a backup that this version knows (${what})`)
  }
}

export async function digestFile(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(file), async chunks => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength
      hash.update(chunk)
    }
  })
  return { bytes, sha256: hash.digest('hex') }
}

export const refused = (message: string): OperationalError =>
  new OperationalError('backup-refused', message, { retryable: false })

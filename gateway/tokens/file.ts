import {
  closeSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { roles } from '../../schemas/api.ts'
import { syncDir } from '../disk/on-disk.ts'
import { messageOf, OperationalError } from '../errors.ts'

/**
 * `tokens.json` in the data directory: the API's tokens that `npm run token` made. Only digests stand in it, and a token is
 * 256 random bits, so there is nothing to guess and no slow hash is needed. The command writes it, the gateway reads it.
 */
export const tokenFileIn = (dataDir: string): string => join(dataDir, 'tokens.json')

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits')
const Moment = z.iso.datetime()
export const TokenName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1–64 of letters, digits, and . _ - and begin with a letter or digit',
  )
const Kept = z.strictObject({
  name: TokenName,
  role: z.enum(roles),
  digest: Digest,
  createdAt: Moment,
  /** null: it has no end. */
  expiresAt: Moment.nullable(),
  /** What it was before it was rotated, for as long as that still counts. Newest first. */
  previous: z.array(z.strictObject({ digest: Digest, until: Moment })),
})
export type KeptToken = z.infer<typeof Kept>

/** Each request looks at all of them. */
export const maxTokens = 200
const TokenFile = z.strictObject({ version: z.literal(1), tokens: z.array(Kept).max(maxTokens) })

/** undefined: there is no such file. Throws OperationalError `tokens-damaged` for one that isn't whole. */
export function readTokenFile(file: string): KeptToken[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw damaged(file, `can't be read (${messageOf(error)})`)
  }
  return parseTokens(file, text)
}

/** Throws OperationalError `tokens-damaged`. The mistake is told, never what stands there. */
export function parseTokens(file: string, text: string): KeptToken[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged(file, 'is not JSON')
  }
  const parsed = TokenFile.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw damaged(file, `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not valid'}`)
  }
  const { tokens } = parsed.data
  const twice = tokens.find(({ name }, index) => tokens.findIndex(other => other.name === name) !== index)
  if (twice !== undefined) throw damaged(file, `the name ${twice.name} is there twice`)
  return tokens
}

const damaged = (file: string, what: string) =>
  new OperationalError(
    'tokens-damaged',
    `${file}: ${what}; put it back from a backup, or delete it and make its tokens anew with "npm run token -- add"`,
    { retryable: false },
  )

/** A command that died between its first and its last step leaves its claim behind. */
const claimHeldMs = 60_000

/**
 * Reads, changes and writes the file, whole or not at all, on disk when it returns. Two commands at once can't lose one of
 * the changes: the new file, which only one can make, is the claim. Throws OperationalError `tokens-claimed`, or what
 * `change` throws: then nothing has changed.
 */
export function changeTokens(file: string, now: number, change: (tokens: KeptToken[]) => KeptToken[]): void {
  const next = `${file}.new`
  const fd = claim(next, now)
  try {
    try {
      const tokens = change(readTokenFile(file) ?? [])
      writeSync(fd, `${JSON.stringify({ version: 1, tokens } satisfies z.infer<typeof TokenFile>, null, 2)}\n`)
      // Made by root, the gateway of another user couldn't read it.
      const owner = statSync(dirname(file))
      if (process.getuid?.() === 0) fchownSync(fd, owner.uid, owner.gid)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(next, file)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
  syncDir(dirname(file))
}

function claim(file: string, now: number): number {
  for (const again of [true, false]) {
    try {
      return openSync(file, 'wx', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const since = statSync(file, { throwIfNoEntry: false })?.mtimeMs
      if (!again || (since !== undefined && now - since < claimHeldMs)) break
      rmSync(file, { force: true })
    }
  }
  throw new OperationalError('tokens-claimed', `${file} is there: another "npm run token" is at work; try again`, {
    retryable: true,
  })
}

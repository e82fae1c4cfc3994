import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Role } from '../../schemas/api.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Config } from '../config.ts'
import { messageOf, OperationalError } from '../errors.ts'
import type { Log } from '../log.ts'
import { adminTokenFileIn, apiTokens, readAdminToken } from './admin-token.ts'
import { type KeptToken, readTokenFile, tokenFileIn } from './file.ts'

/** One that may be used: what is compared, for whom it stands, and until when, ms. */
export type TokenInForce = { name: string; role: Role; digest: Buffer; expiresAt?: number | undefined }

type TokenChange = { name: string; role: Role; what: 'added' | 'revoked' | 'rotated' }

export type TokensOptions = {
  config: Config
  log: Log
  /** Gets the admin token of a first start. */
  showToken: (token: string) => void
  /** What a command changed while the gateway ran, once it is in force. */
  audit: (line: Omit<AuditLine, 'at'>) => Promise<void>
}

/** Short, so that a token that was revoked is gone in less than a second together with the stream's own look (api/stream.ts). */
const lookEveryMs = 400

/**
 * The API's tokens that are in force: of GATEHOUSE_API_TOKENS, which stay until a restart, the admin token of the first start,
 * and those of tokens.json, which are taken up as the file changes. A file that is damaged stops a start; while running it
 * changes nothing: what was in force stays, since a centre that is locked out acknowledges no alarm.
 */
export class Tokens {
  readonly #options: TokensOptions
  readonly #file: string
  readonly #adminFile: string
  readonly #settings: readonly TokenInForce[]
  #admin: TokenInForce | undefined
  #kept: readonly KeptToken[]
  #inForce: readonly TokenInForce[]
  #seen: string | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** Throws OperationalError where a file is damaged, or a name stands for two tokens. */
  constructor(options: TokensOptions) {
    const { config, showToken } = options
    this.#options = options
    this.#file = tokenFileIn(config.dataDir)
    this.#adminFile = adminTokenFileIn(config.dataDir)
    const others = apiTokens(config, showToken)
    this.#settings = config.apiTokens.length > 0 ? others : []
    this.#admin = config.apiTokens.length > 0 ? undefined : others[0]
    this.#kept = this.#read() ?? []
    this.#inForce = this.#all()
  }

  inForce = (): readonly TokenInForce[] => this.#inForce

  /** Begins to look for changes. */
  watch(): void {
    const look = async () => {
      await this.look()
      if (!this.#stopped) this.#timer = setTimeout(look, lookEveryMs).unref()
    }
    void look()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Takes up what has changed since the last look. Never rejects: what can't be taken up is logged, once. */
  async look(): Promise<void> {
    const seen = `${await signOf(this.#file)} ${await signOf(this.#adminFile)}`
    if (seen === this.#seen) return
    const isFirst = this.#seen === undefined
    this.#seen = seen
    try {
      const before = this.#inForce
      const kept = this.#read()
      if (kept === undefined && !isFirst && this.#kept.length > 0) throw gone(this.#file)
      // Whoever moves the admin token into tokens.json, or revokes it, writes that file first.
      const admin = kept !== undefined && !existsSync(this.#adminFile) ? undefined : this.#adminNow()
      this.#kept = kept ?? []
      this.#admin = admin
      this.#inForce = this.#all()
      const changes = changesOf(before, this.#inForce)
      if (changes.length === 0) return
      this.#options.log.info({ tokens: this.#inForce.length, changed: changes.length }, 'tokens.changed')
      for (const change of changes) this.#tell(change)
    } catch (error) {
      this.#options.log.error({ err: messageOf(error) }, 'tokens.unchanged')
    }
  }

  /** A command did it, and the gateway saw it. */
  #tell({ name, role, what }: TokenChange): void {
    const { audit, log } = this.#options
    const details = { role, rotated: what === 'rotated' }
    const said = what === 'revoked' ? 'token.revoked' : 'token.added'
    audit({ by: 'command', what: said, subject: name, details }).catch(error =>
      log.error({ err: messageOf(error) }, 'audit.failed'),
    )
  }

  /** Throws OperationalError. */
  #read(): KeptToken[] | undefined {
    const kept = readTokenFile(this.#file)
    const twice = kept?.find(({ name }) => this.#settings.some(other => other.name === name))
    if (twice !== undefined)
      throw new OperationalError(
        'tokens-clash',
        `the token ${twice.name} is in GATEHOUSE_API_TOKENS and in ${this.#file}; rename the one in the settings, or revoke the other with "npm run token -- revoke ${twice.name}"`,
        { retryable: false },
      )
    return kept
  }

  #adminNow(): TokenInForce | undefined {
    if (this.#admin === undefined || !existsSync(this.#adminFile)) return this.#admin
    return { ...this.#admin, digest: readAdminToken(this.#adminFile) }
  }

  #all(): TokenInForce[] {
    const kept = this.#kept.flatMap(inForceOf)
    const admin = this.#admin !== undefined && !kept.some(({ name }) => name === 'admin') ? [this.#admin] : []
    return [...this.#settings, ...admin, ...kept]
  }
}

const inForceOf = ({ name, role, digest, expiresAt, previous }: KeptToken): TokenInForce[] => [
  { name, role, digest: bytesOf(digest), expiresAt: expiresAt === null ? undefined : Date.parse(expiresAt) },
  ...previous.map(({ digest, until }) => ({ name, role, digest: bytesOf(digest), expiresAt: Date.parse(until) })),
]
const bytesOf = (digest: string): Buffer => Buffer.from(digest.slice('sha256:'.length), 'hex')

/** A file that is written anew is another file, so its number changes even within a tick of the clock. */
const signOf = async (file: string): Promise<string> => {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

const gone = (file: string) =>
  new OperationalError('tokens-gone', `${file}: is gone; its tokens count until the next start, put it back before`, {
    retryable: false,
  })

function changesOf(before: readonly TokenInForce[], after: readonly TokenInForce[]): TokenChange[] {
  const newest = (tokens: readonly TokenInForce[]) => new Map(tokens.toReversed().map(token => [token.name, token]))
  const [old, now] = [newest(before), newest(after)]
  const changes: TokenChange[] = []
  for (const { name, role } of old.values()) if (!now.has(name)) changes.push({ name, role, what: 'revoked' })
  for (const { name, role, digest } of now.values()) {
    const known = old.get(name)
    if (known === undefined) changes.push({ name, role, what: 'added' })
    else if (!known.digest.equals(digest) || known.role !== role) changes.push({ name, role, what: 'rotated' })
  }
  return changes
}

import { readFileSync, type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import { type Clock, iso } from '../clock.ts'
import type { PemSource, TlsSettings } from '../config.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { type Checked, checkCertificates, lifeWarnings, type Pem } from './checks.ts'

/** The certificate of MQTT over TLS and of HTTPS, and how a renewed one comes in force while both are served. */
export type Loaded = Checked & { settings: TlsSettings; stamp: string }

/** Reads what the settings name and checks it. Every mistake, not the first one. */
export function loadCertificates(settings: TlsSettings): Loaded | { mistakes: string[] } {
  // Before they are read: what is written meanwhile is found by the next look.
  const stamp = stampOf(filesOf(settings).map(statIfAny))
  const mistakes: string[] = []
  const read = (source: PemSource): Pem => {
    if ('pem' in source) return { where: source.name, text: source.pem }
    const where = `${source.name}: ${source.file}`
    try {
      if (statSync(source.file).size > maxPemBytes) mistakes.push(`${where}: is larger than ${maxPemBytes} bytes`)
      else return { where, text: readFileSync(source.file, 'utf8') }
    } catch (error) {
      mistakes.push(`${where} can't be read (${messageOf(error)})`)
    }
    return { where, text: '' }
  }
  const pems = { cert: read(settings.cert), key: read(settings.key), ca: settings.ca && read(settings.ca) }
  if (mistakes.length > 0) return { mistakes }
  const checked = checkCertificates(pems)
  return 'mistakes' in checked ? checked : { ...checked, settings, stamp }
}

export type CertificatesOptions = { log: Log; clock: Clock; pollMs?: number }
/** `renewed` false: what lies there is what is in force already. */
export type Reloaded = { renewed: boolean } | { mistakes: string[] }

const maxPemBytes = 1_048_576
/** A handshake is 2 round trips; a slow mobile network needs a few seconds. Node's own bound is 120 s. */
const handshakeTimeoutMs = 10_000
const defaultPollMs = 10_000
const remindMs = 86_400_000
/** Whoever knocks without TLS, or with a certificate of somebody else, does so again and again. */
const refusalLogMs = 60_000

export class Certificates {
  readonly #settings: TlsSettings
  readonly #options: CertificatesOptions
  readonly #servers: Server[] = []
  readonly #timer: NodeJS.Timeout
  #loaded: Loaded
  #stamp: string
  #isLooking = false
  #remindedAt = Number.NEGATIVE_INFINITY
  #refused = 0
  #refusedLoggedAt = Number.NEGATIVE_INFINITY

  constructor(loaded: Loaded, options: CertificatesOptions) {
    this.#loaded = loaded
    this.#settings = loaded.settings
    this.#stamp = loaded.stamp
    this.#options = options
    for (const warning of loaded.warnings) options.log.warn({ warning }, 'certificate.warning')
    this.#remind()
    // Looking at the files and not fs.watch: secrets are symbolic links that are turned over, and network file systems tell nothing.
    this.#timer = setInterval(() => void this.#look(), options.pollMs ?? defaultPollMs).unref()
  }

  /** For a server that is then given to `keep`. Client certificates are asked for where there is an authority for them. */
  get serverOptions(): TlsOptions {
    return {
      ...this.#loaded.context,
      requestCert: this.#settings.ca !== undefined,
      // Else whoever has none is refused, and a device may still log in with its secret. `keep` refuses the wrong ones.
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMs,
    }
  }

  /** The server gets each renewed certificate. Call it before the server's own listener of `secureConnection` is added, or prepends. */
  keep(server: Server): void {
    this.#servers.push(server)
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      const code = refusedCertificate(socket)
      if (code === undefined) return
      socket.destroy()
      this.#tellRefused(code)
    })
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy()
      // Somebody who only looks whether the port is open.
      if (error.code !== 'ECONNRESET') this.#tellRefused(error.code ?? 'unknown')
    })
  }

  /**
   * Takes what lies in the files now. Connections that are open stay; new ones get the new certificate. Where something is
   * wrong with it the old one stays in force. Session tickets of before are void, so a changed authority counts at once.
   */
  reload(): Reloaded {
    const { log } = this.#options
    const found = loadCertificates(this.#settings)
    if ('mistakes' in found) {
      log.warn({ mistakes: found.mistakes }, 'certificate.refused')
      return found
    }
    this.#stamp = found.stamp
    const { cert, key, ca } = this.#loaded.context
    const isSame = found.context.cert === cert && found.context.key === key && found.context.ca === ca
    if (isSame) return { renewed: false }
    this.#loaded = found
    for (const server of this.#servers) server.setSecureContext(found.context)
    log.info({ expires: iso(this.expiresAt) }, 'certificate.renewed')
    for (const warning of found.warnings) log.warn({ warning }, 'certificate.warning')
    this.#remindedAt = Number.NEGATIVE_INFINITY
    this.#remind()
    return { renewed: true }
  }

  /** When the first of the gateway's own chain expires, ms since 1970. */
  get expiresAt(): number {
    return Math.min(...this.#loaded.lives.map(({ until }) => until))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Asynchronous: a network file system that hangs must not stop the gateway. */
  async #look(): Promise<void> {
    this.#remind()
    if (this.#isLooking) return
    this.#isLooking = true
    const stamp = stampOf(await Promise.all(filesOf(this.#settings).map(file => stat(file).catch(() => undefined))))
    this.#isLooking = false
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.reload()
  }

  /** Once a day while there is something to say. */
  #remind(): void {
    const now = this.#options.clock()
    if (now - this.#remindedAt < remindMs) return
    this.#remindedAt = now
    for (const warning of lifeWarnings(this.#loaded.lives, now))
      this.#options.log.warn({ warning }, 'certificate.warning')
  }

  /** Only OpenSSL's code: what a stranger sends is not for the log. */
  #tellRefused(code: string): void {
    const { clock, log } = this.#options
    this.#refused++
    const now = clock()
    if (Math.abs(now - this.#refusedLoggedAt) < refusalLogMs) return
    log.warn({ code, count: this.#refused }, 'tls.refused')
    this.#refusedLoggedAt = now
    this.#refused = 0
  }
}

/** Why the certificate that the other end has shown is not taken; undefined: it is, or none was shown. */
function refusedCertificate(socket: TLSSocket): string | undefined {
  if (socket.authorized || socket.getPeerX509Certificate() === undefined) return undefined
  return String(socket.authorizationError ?? 'unknown')
}

function statIfAny(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

const filesOf = ({ cert, key, ca }: TlsSettings): string[] =>
  [cert, key, ca].flatMap(source => (source !== undefined && 'file' in source ? [source.file] : []))

/** Changes when one of the files does, behind symbolic links too. */
const stampOf = (files: readonly (Stats | undefined)[]): string =>
  files.map(file => (file === undefined ? 'missing' : `${file.ino}:${file.size}:${file.mtimeMs}`)).join()

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { iso } from '../clock.ts'
import { messageOf } from '../errors.ts'

/** One PEM as it was read. `where` names it to a person: the setting, and the file if it is one. */
export type Pem = { where: string; text: string }
export type Pems = { cert: Pem; key: Pem; ca: Pem | undefined }

/** What a pair of certificate and key is good for, once it was found to fit. Times in milliseconds since 1970. */
export type Checked = { context: SecureContextOptions; lives: readonly Life[]; warnings: readonly string[] }
export type Life = { where: string; from: number; until: number }

/** TLS 1.2 with forward secrecy and authenticated encryption only, and all of TLS 1.3 (RFC 9325, section 4.2). */
const modern = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const satisfies SecureContextOptions

const dayMs = 86_400_000
/** An authority that renews by itself does so at a third of 90 days; later than this somebody has to look. */
const warnBeforeMs = 14 * dayMs

/** Every mistake at once; with none of them the pair can be served. Never throws. An expired certificate is served: a device may look past it, and no door is worse. */
export function checkCertificates({ cert, key, ca }: Pems): Checked | { mistakes: string[] } {
  const mistakes: string[] = []
  const chain = readCertificates(cert, mistakes)
  const authorities = ca === undefined ? [] : readCertificates(ca, mistakes)
  const privateKey = readKey(key, mistakes)
  const [own] = chain
  if (own !== undefined && privateKey !== undefined && !own.checkPrivateKey(privateKey)) {
    const place = chain.findIndex(other => other.checkPrivateKey(privateKey))
    mistakes.push(
      place > 0
        ? `${cert.where}: ${key.where} belongs to its certificate ${place + 1}; put that one first`
        : `${key.where}: is not the key of the certificate in ${cert.where}`,
    )
  }
  for (const [index, authority] of authorities.entries())
    if (!authority.ca)
      mistakes.push(`${ca!.where}: certificate ${index + 1} is not an authority's (CA:TRUE); name the one that signs`)
  const context = { ...modern, cert: cert.text, key: key.text, ...(ca === undefined ? {} : { ca: ca.text }) }
  if (mistakes.length === 0)
    try {
      createSecureContext(context)
    } catch (error) {
      // A key too short, an algorithm that is switched off: OpenSSL's own words.
      mistakes.push(`${cert.where}: can't be served (${messageOf(error)})`)
    }
  if (mistakes.length > 0) return { mistakes }
  const life = ({ where }: Pem, list: X509Certificate[]): Life[] =>
    list.map(({ validFromDate, validToDate }, index) => ({
      where: list.length > 1 ? `${where}: certificate ${index + 1}` : where,
      from: validFromDate.getTime(),
      until: validToDate.getTime(),
    }))
  return {
    context,
    lives: [...life(cert, chain), ...(ca === undefined ? [] : life(ca, authorities))],
    warnings:
      own!.subjectAltName === undefined
        ? [`${cert.where}: names no host (subjectAltName); devices and browsers that check the name refuse it`]
        : [],
  }
}

/** What a person should know at `now`: what has run out, isn't valid yet, or runs out soon. */
export function lifeWarnings(lives: readonly Life[], now: number): string[] {
  return lives.flatMap(({ where, from, until }) => {
    if (now > until) return [`${where}: has expired at ${iso(until)}; whoever checks it refuses it: renew it`]
    if (now < from) return [`${where}: is valid from ${iso(from)} on only; look at the clock of this machine`]
    return until - now < warnBeforeMs ? [`${where}: expires at ${iso(until)}; renew it`] : []
  })
}

function readCertificates({ where, text }: Pem, mistakes: string[]): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) mistakes.push(`${where}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  return blocks.flatMap((block, index) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      mistakes.push(`${where}: certificate ${index + 1} can't be read; it is damaged`)
      return []
    }
  })
}

function readKey({ where, text }: Pem, mistakes: string[]): KeyObject | undefined {
  const mistake = (what: string) => void mistakes.push(`${where}: ${what}`)
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return mistake('holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)')
  if (/ENCRYPTED/.test(text))
    return mistake('is protected by a passphrase, and nobody is there to type it; write it without: openssl pkey -in …')
  try {
    return createPrivateKey(text)
  } catch {
    return mistake("the private key can't be read; it is damaged")
  }
}

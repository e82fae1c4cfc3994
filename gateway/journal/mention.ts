/** Whom something is about: a person's reference or a plate, as devices say it. */
export type Subject = { ref: string } | { plate: string }
export const namedBy = (subject: Subject): string => ('ref' in subject ? subject.ref : subject.plate)

/**
 * Whether a text names the subject: the value by itself, not as a part of a longer one (`r-1` in `r-10`). Around a value that
 * begins or ends with something else than a Latin letter or digit anything may stand, since Chinese has no spaces.
 */
export function createMention(subject: Subject): (text: string) => boolean {
  const value = namedBy(subject)
  const escaped = value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const before = /^[A-Za-z0-9]/.test(value) ? '(?<![A-Za-z0-9_-])' : ''
  const after = /[A-Za-z0-9]$/.test(value) ? '(?![A-Za-z0-9_-])' : ''
  const pattern = new RegExp(`${before}${escaped}${after}`, 'u')
  return text => pattern.test(text)
}

/** In whatever stands in a JSON value: texts, numbers and the names of fields. */
export function isMentioned(value: unknown, mention: (text: string) => boolean): boolean {
  if (typeof value === 'string') return mention(value)
  if (typeof value === 'number') return mention(String(value))
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(item => isMentioned(item, mention))
  return Object.entries(value).some(([name, item]) => mention(name) || isMentioned(item, mention))
}

/** Of a text that may or may not be JSON: a rejected payload is anything. */
export function isMentionedIn(payload: string, mention: (text: string) => boolean): boolean {
  try {
    return isMentioned(JSON.parse(payload), mention)
  } catch {
    const decoded = payload.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    return mention(decoded.replace(/\\(.)/g, '$1'))
  }
}

/**
 * A power cut or a cut line takes a whole site at once, and its devices fall silent one by one as their own times run out.
 * It shows at the first of them: of the site's other devices next to none was heard lately either, although each sends
 * every 30–90 s.
 */
const latelyMs = 75_000
const maxHeardShare = 0.2
const minDevices = 3

/** `lastSeenAt` of each device of the site, ms; null: not since the start. */
export function isSiteLost(lastSeenAt: readonly (number | null)[], now: number): boolean {
  const heard = lastSeenAt.filter(at => at !== null && now - at < latelyMs).length
  return lastSeenAt.length >= minDevices && heard <= lastSeenAt.length * maxHeardShare
}

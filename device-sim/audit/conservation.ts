import type { Stats } from '../../schemas/api.ts'

/** Contract 6: what came in is somewhere. What of it doesn't hold, in sentences; empty: all does. Pure. */
export function brokenSums(stats: Stats, pubacked: number): string[] {
  const { received, accepted, duplicate, rejected, consumers } = stats
  const broken: string[] = []
  if (received !== accepted + duplicate + rejected)
    broken.push(`received ${received} is not accepted ${accepted} + duplicate ${duplicate} + rejected ${rejected}`)
  for (const [name, { done, pending, quarantined }] of Object.entries(consumers))
    if (accepted !== done + pending + quarantined)
      broken.push(`${name}: accepted ${accepted} is not done ${done} + pending ${pending} + quarantined ${quarantined}`)
  if (accepted < pubacked) broken.push(`accepted ${accepted} is less than the ${pubacked} events that it has pubacked`)
  return broken
}

import type { DeviceView } from '../../../../schemas/api.ts'

/** How a site is, at a glance, from its devices: the worst of what is known. */
export type SitePresence = 'well' | 'partly' | 'silent' | 'unknown' | 'empty'

export const isMissing = ({ presence, disabled }: DeviceView): boolean =>
  !disabled && (presence === 'silent' || presence === 'offline')

export function presenceOf(devices: readonly DeviceView[]): SitePresence {
  const counted = devices.filter(({ disabled }) => !disabled)
  if (counted.length === 0) return 'empty'
  const missing = counted.filter(isMissing)
  if (missing.length === counted.length) return 'silent'
  if (missing.length > 0) return 'partly'
  return counted.some(({ presence }) => presence === 'online') ? 'well' : 'unknown'
}

export function bySite(devices: readonly DeviceView[]): Map<string, DeviceView[]> {
  return Map.groupBy(devices, ({ site }) => site)
}

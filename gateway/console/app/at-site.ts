import type { Alarm } from '../../../schemas/alarm.ts'

/**
 * The open alarms of a site, but for the one with the id `but`. What an answer of the API says of it (a site's `openAlarms`, an
 * alarm's `neighbours`) is as old as that answer; `open` is as the stream says.
 */
export const openAt = (open: readonly Alarm[], siteId: string, but?: string): Alarm[] =>
  open.filter(({ id, site }) => site.id === siteId && id !== but)

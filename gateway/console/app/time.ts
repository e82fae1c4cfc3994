/** Times as they are shown: in the zone of the sites, whatever this machine is set to. */
const zone = 'Asia/Shanghai'
const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone: zone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
type When = number | string
const text = (when: When): string => parts.format(typeof when === 'string' ? Date.parse(when) : when)

/** `12:41:07` */
export const timeOfDay = (when: When): string => text(when).slice(11, 19)
/** `2026-11-24` */
export const dayOf = (when: When): string => text(when).slice(0, 10)
/** `12:41:07` today, else `11-24 12:41`. `now` in ms. */
export const timeOrDay = (when: When, now: number): string =>
  dayOf(when) === dayOf(now) ? timeOfDay(when) : text(when).slice(5, 16)
/** `2026-11-24 12:41:07` */
export const dayAndTime = (when: When): string => text(when).slice(0, 19)

/** `00:23`, `1:02:03`: how long, in whole seconds, never less than nothing. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}:${rest}`
}

/** Figures as people read them. Pure. */

/** `1.2 GB`, in steps of 1000, as disks are sold. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let at = 0
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000
    at++
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`
}

/** `3 456 789`: digits in threes, to be read at a glance. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** Days, hours and minutes, the two largest that are not nothing; the words are given. */
export function ago(seconds: number, words: { d: string; h: string; m: string; s: string }): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), words.d],
    [Math.floor(seconds / 3600) % 24, words.h],
    [Math.floor(seconds / 60) % 60, words.m],
    [Math.floor(seconds) % 60, words.s],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([value]) => value > 0)
  return shown.map(([value, unit]) => `${value} ${unit}`).join(' ')
}

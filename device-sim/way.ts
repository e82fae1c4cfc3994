import type { Alarm, Stage } from '../schemas/alarm.ts'
import type { Shown, Told } from './chronicle.ts'

/** The way of one press, in milliseconds since it. Pure: made of what came where. */
export type Press = { device: string; siteName: string; atMs: number; pubackMs: number }

export type Way = Press & {
  /** Of each alarm that was raised for the device since the press; all is well with one. */
  alarms: string[]
  /** When each centre was first told of it. */
  toldMs: Record<string, number>
  /** When people's steps were first told to anybody. */
  stepMs: Partial<Record<Stage, number>>
  /** What the device showed, and when first. */
  shownMs: Partial<Record<Stage, number>>
}

const steps = ['acknowledged', 'dispatched', 'arrived', 'closed'] as const

export function wayOf(press: Press, told: readonly Told[], shown: readonly Shown[]): Way {
  const way: Way = { ...press, alarms: [], toldMs: {}, stepMs: {}, shownMs: {} }
  for (const { centre, message, atMs } of told) {
    const { alarm } = message.data
    if (alarm?.device.id !== press.device || atMs < press.atMs) continue
    if (message.type === 'alarm.raised') {
      if (!way.alarms.includes(alarm.id)) way.alarms.push(alarm.id)
      way.toldMs[centre] ??= atMs - press.atMs
    }
    for (const step of steps) if (message.type === `alarm.${step}`) way.stepMs[step] ??= atMs - press.atMs
  }
  for (const { device, indicate, atMs } of shown)
    if (device === press.device && atMs >= press.atMs) way.shownMs[indicate.stage] ??= atMs - press.atMs
  return way
}

export const isTold = (way: Way, centres: readonly string[]): boolean =>
  centres.every(centre => way.toldMs[centre] !== undefined)

/** What is wrong with it, in sentences; empty: nothing. */
export function failuresOf(way: Way, centres: readonly string[], limitMs: number): string[] {
  const place = `${way.siteName} (${way.device})`
  const failures: string[] = []
  if (way.alarms.length === 0) failures.push(`${place}: no alarm was raised`)
  if (way.alarms.length > 1) failures.push(`${place}: ${way.alarms.length} alarms for one press`)
  for (const centre of centres) {
    const ms = way.toldMs[centre]
    if (ms === undefined) failures.push(`${place}: ${centre} was not told`)
    else if (ms > limitMs) failures.push(`${place}: ${centre} was told after ${Math.round(ms)} ms, not ${limitMs}`)
  }
  return failures
}

/** Each message about the alarm by its type and mode: a drill must be one everywhere. */
export const modesOf = (told: readonly Told[], device: string): { type: string; mode: Alarm['mode'] }[] =>
  told.flatMap(({ message: { type, data } }) =>
    data.alarm?.device.id === device ? [{ type, mode: data.alarm.mode }] : [],
  )

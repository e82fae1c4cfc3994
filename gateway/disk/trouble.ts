import type { Fault } from '../../schemas/webhook.ts'
import type { Publish } from '../journal/journal.ts'
import type { Level } from './level.ts'

/** What is wrong with the disk, in words for whoever must act. `subject` is always the disk. */
export const subject = 'disk'

const damaged = {
  code: 'journal-damaged',
  message:
    'the disk has changed a page of journal.sqlite, and what comes needs it; stop the gateway, put a backup in its place, and look at the disk',
}

/** By the storage thread's code. What isn't here is an I/O error of some kind. */
const causes: Record<string, Pick<Fault, 'code' | 'message'>> = {
  'sqlite-5': { code: 'journal-locked', message: 'another process holds the lock of journal.sqlite; end it' },
  'sqlite-8': {
    code: 'disk-read-only',
    message: 'the disk is read-only; look at the system log and mount it for writing',
  },
  'sqlite-11': damaged,
  'sqlite-26': damaged,
  'sqlite-13': { code: 'disk-full', message: 'the disk is full; make room' },
  'journal-gone': {
    code: 'journal-gone',
    message: 'the journal was deleted while the gateway ran; the gateway ends, restore a backup before it starts again',
  },
}

/** `failure`: why nothing can be written. `stalledMs`: how long a write has been under way, where that is too long. */
export function troubleOf(state: {
  failure: { code: string; message: string } | undefined
  stalledMs: number | undefined
  level: Level
}): Fault | undefined {
  const { failure, stalledMs, level } = state
  const unwritten = 'no event can be stored, so none is acknowledged and devices keep theirs'
  if (failure !== undefined) {
    const cause = causes[failure.code] ?? {
      code: 'disk-failing',
      message: `writing fails (${failure.message}); look at the disk`,
    }
    return { code: cause.code, subject, message: `${unwritten}: ${cause.message}` }
  }
  if (stalledMs !== undefined)
    return {
      code: 'disk-stalled',
      subject,
      message: `${unwritten}: the disk has not answered a write for ${Math.round(stalledMs / 1000)} s; look at it`,
    }
  if (level === 'roomy') return undefined
  return {
    code: 'disk-nearly-full',
    subject,
    message: `the disk is nearly full: ${level === 'full' ? 'only alarms are' : 'alarms, heartbeats and statuses are still'} taken, everything else waits at its devices; make room`,
  }
}

export const recovered = (lastedMs: number): Fault => ({
  code: 'disk-recovered',
  subject,
  message: `the disk takes events again, after ${Math.ceil(lastedMs / 1000)} s; nothing that was acknowledged is missing`,
})

/** A press that waits for the disk: whoever reads it must not wait too. It has no alarm yet, so no alarm's id either. */
export function alarmUnstored(publish: Publish, names: { site: string; device: string }): Fault {
  const { trigger, mode, state } = said(publish)
  return {
    code: 'alarm-unstored',
    subject: publish.device,
    message:
      `${trigger} ${state} (${mode}) at ${names.site}, ${names.device}: act on it. The disk can't store it, so it isn't an alarm of the ` +
      'gateway yet and can not be acknowledged; it is told as one as soon as it is stored, if the gateway lives that long or the device sends it again',
  }
}

/** It was judged by `admit`, so it is of its shape. */
const said = ({ payload }: Publish): { trigger: string; mode: string; state: string } =>
  (JSON.parse(new TextDecoder().decode(payload)) as { data: { trigger: string; mode: string; state: string } }).data

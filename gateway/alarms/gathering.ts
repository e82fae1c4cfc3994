import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'

/**
 * What a contact that flaps, or somebody who presses on and on, may cost. Each press is a journal entry and counts in
 * `pressCount`; but beyond some, an endpoint is told of those that came meanwhile by one message, the newest, and the history
 * on disk is kept short. Else one device could fill the disk with messages that an endpoint doesn't take.
 */
const toldSingly = 20
/** So long a press waits for the next ones that are told with it. */
export const gatherMs = 1000
const linesKeptUpTo = 400

/** `before`: the alarm that was pressed. A press that makes it graver is told by itself and at once. */
export const isGathered = (type: MessageType, before: Alarm, { mode, pressCount }: Alarm): boolean =>
  (type === 'alarm.pressed' || type === 'alarm.restored') && pressCount > toldSingly && mode === before.mode

/** The API shows a thousand lines of a history: what people did must be among them. */
export const isKept = (alarm: Alarm, { what }: HistoryLine): boolean =>
  alarm.pressCount <= linesKeptUpTo || (what !== 'pressed' && what !== 'restored')

/** One line of log per press is enough for a person, and too much of a flood. */
export const isLogged = ({ pressCount }: Alarm, { what }: HistoryLine): boolean =>
  pressCount <= toldSingly || (what !== 'pressed' && what !== 'restored')

import type { Alarm, HistoryLine } from '../../schemas/alarm.ts'

/** What a device is shown of its alarms (contract 2, `command/indicate`). Bounded by the registry. */
export class Indications {
  /** The last alarm of each device that was closed, since the start: a device that was away shows it as open until it is told. */
  readonly #closed = new Map<string, Alarm>()

  /** Whether the line brings a stage that the device was not shown: each further endpoint that takes the alarm does not. */
  isNew(alarm: Alarm, line: HistoryLine): boolean {
    if (line.what !== line.stage) return false
    if (line.what === 'closed') this.#closed.set(alarm.device.id, alarm)
    return alarm.history.filter(({ what }) => what === line.what).length === 1
  }

  /** For a device that is back: its open alarms, or else the last one that was closed. */
  of(device: string, open: Iterable<Alarm>): Alarm[] {
    const its = [...open].filter(alarm => alarm.device.id === device)
    const closed = this.#closed.get(device)
    return its.length > 0 || closed === undefined ? its : [closed]
  }
}

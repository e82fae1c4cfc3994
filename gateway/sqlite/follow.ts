import type { DatabaseSync } from 'node:sqlite'
import type { DueDelivery } from '../alarms/delivery.ts'
import type { DeskChange } from '../alarms/desk-store.ts'
import type { Followed, Following } from '../alarms/following.ts'
import { journalReader } from './journal-reader.ts'

/** Entries; beyond it the desk catches up by itself first, and an alarm's commit isn't kept by the counting. */
const window = 20_000

/** Writes what the desk decided on events that were stored just before, if they are what it has decided on (alarms/following.ts). */
export function followProcedure(db: DatabaseSync, commit: (change: DeskChange) => DueDelivery[]) {
  let { readAlarms } = journalReader(db)
  function follow({ change, after, events }: Following): Followed<DueDelivery> {
    const { entries, upTo, passed } = readAlarms(after, events.length + 1, window)
    const isExpected =
      entries.length === events.length &&
      entries.every(({ device, id }, index) => device === events[index]?.device && id === events[index]?.id)
    if (!isExpected) return null
    const due = commit({ ...change, progress: { upTo, passed, quarantined: [] } })
    return { due, upTo, passed }
  }
  /** Which device a key means is read inside the transaction, and may be undone with it. */
  function reset(): void {
    readAlarms = journalReader(db).readAlarms
  }
  return { follow, reset }
}

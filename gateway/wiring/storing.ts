import type { Recent } from '../alarms/recent.ts'
import { monotonicMs } from '../clock.ts'
import { Room } from '../disk/room.ts'
import type { Publish } from '../journal/journal.ts'
import type { Counts } from '../metrics.ts'
import { type AppendHooks, AppendQueue } from '../sqlite/append-queue.ts'
import { startDiskWatching } from './disk-watching.ts'

/** The wiring of a publish's way to the disk: the queue before the journal, the room that is kept for alarms, the disk's watch. */
export function startStoring(
  options: Omit<Parameters<typeof startDiskWatching>[0], 'room' | 'progress'> & {
    /** Counts on. */
    counts: Counts
    /** Each event that is on disk, for the context of alarms. */
    onEvent: (site: string, event: Recent) => void
    onAlarm: () => void
    follow: NonNullable<AppendHooks['follow']>
    onStored: () => void
    onHeard: (publish: Publish) => void
  },
) {
  const { database, counts, onEvent, onAlarm, follow, onStored, onHeard, log } = options
  const journal = new AppendQueue(database.write, {
    onStored(publishes, outcomes) {
      let alarm = false
      for (let index = 0; index < publishes.length; index++) {
        const publish = publishes[index]!
        const { result, seq } = outcomes[index]!
        counts[result]++
        if ('kind' in publish && publish.kind === 'alarm') room.stored(publish)
        if (result !== 'stored' || 'reason' in publish) continue
        const { site, device, kind, at, receivedAt, payload } = publish
        onEvent(site, { seq, device, kind, at, receivedAt, payload })
        alarm ||= kind === 'alarm'
      }
      if (alarm) onAlarm()
      onStored()
    },
    onHeard,
    follow,
    // The desk tells: gateway.ts.
    pacesAlarms: true,
    onFailure: error => log.error({ err: error.message }, 'journal.failing'),
  })
  const room = new Room(journal, monotonicMs)
  const disk = startDiskWatching({
    ...options,
    room,
    progress: () => ({ queued: journal.queued, answered: counts.stored + counts.duplicate + counts.rejected }),
  })
  return {
    journal,
    /** Where publishes go: before the journal, it keeps the last room on the disk for alarms. */
    room,
    disk,
    /** No commit is waited for any longer; resolves when what was taken is on disk or refused. */
    async stop(): Promise<void> {
      disk.stop()
      room.refuseKept()
      database.holdNothing()
      await journal.drained()
    },
  }
}

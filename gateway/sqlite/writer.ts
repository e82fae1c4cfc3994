import type { DatabaseSync } from 'node:sqlite'
import type { DeskChange } from '../alarms/desk-store.ts'
import type { AppendBatch } from './append-batch.ts'
import { writeProcedures } from './procedures.ts'
import type { Failure } from './request.ts'
import { type Call, createWriting } from './writing.ts'

/**
 * What the storage thread does with its calls: the procedures, in group commits, and after each the audit log's second place.
 * Without the thread, so that the simulation (test/simulation/) runs the same on a disk of its own.
 */
export function createWriter(
  db: DatabaseSync,
  options: {
    assertInPlace: () => void
    onTrouble: (failure: Failure | undefined) => void
    idsMovedAtOnce?: number
  },
) {
  const { assertInPlace, onTrouble, idsMovedAtOnce } = options
  const { procedures, reset, noteHead } = writeProcedures(db, idsMovedAtOnce)
  const named = procedures as unknown as Record<string, (argument: never) => unknown>
  return createWriting({
    db,
    run: (procedure, argument) => named[procedure]?.(argument as never),
    reset,
    assertInPlace,
    onTrouble,
    onWritten: noteHead,
  })
}

/** What came together, as it is committed: what an alarm waits for has a commit of its own, before that of all else. */
export function commitsOf(calls: readonly Call[]): (readonly Call[])[] {
  const urgent = calls.filter(isUrgent)
  if (urgent.length === 0 || urgent.length === calls.length) return [calls]
  return [urgent, calls.filter(call => !isUrgent(call))]
}

const isUrgent = ({ procedure, argument }: Call): boolean =>
  // One that moves the clock moves what was written on the old one before it.
  (procedure === 'commitDesk' && (argument as DeskChange).clockMovedMs === undefined) ||
  procedure === 'followAppended' ||
  (procedure === 'append' && (argument as AppendBatch).isUrgent)

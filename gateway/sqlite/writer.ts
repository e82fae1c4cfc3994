import type { DatabaseSync } from 'node:sqlite'
import { writeProcedures } from './procedures.ts'
import type { Failure } from './request.ts'
import { createWriting } from './writing.ts'

/**
 * What the storage thread does with its calls: the procedures, in group commits, and after each the audit log's second place
 * and the ids that are to move. Without the thread, so that the simulation (test/simulation/) runs the same on a disk of its own.
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
  const { procedures, reset, settleIds, noteHead } = writeProcedures(db, idsMovedAtOnce)
  const named = procedures as unknown as Record<string, (argument: never) => unknown>
  const writing = createWriting({
    db,
    run: (procedure, argument) => named[procedure]?.(argument as never),
    reset,
    assertInPlace,
    onTrouble,
    onWritten() {
      noteHead()
      settleIds(writing.inTransaction)
    },
  })
  return writing
}

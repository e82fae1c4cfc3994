import type { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * Which `(device, id)` the journal holds: the proof that an event is new. A unique index on the entries would be simpler, but
 * each device writes to a leaf of its own, so that a commit of 50 events from 50 devices rewrites 50 pages of index for 3 of
 * entries; measured, that halved the pubacks. So the newest ids stay in memory, and move to their table sorted, thousands in one
 * sweep. A sweep goes in steps that ride along with the commits of appends: by itself it would be a commit that an alarm waits for. What
 * had not moved when the process died is read again from the entries at the next start; what had is moved again, to no effect.
 */
const movedAtOnce = 16_384
/** Entries that a start would have to read again, with ids or without, for each id that may wait: heartbeats have none. */
const entriesPerId = 4

type Ids = Map<number, Map<string, number>>
type Sweep = { ids: Ids; order: Iterator<[number, string, number]>; upTo: number }

export function knownIds(db: DatabaseSync, sweepFrom = movedAtOnce) {
  const find = db.prepare('SELECT seq FROM known_id WHERE device = ? AND id = ?')
  const insert = db.prepare('INSERT OR IGNORE INTO known_id (device, id, seq) VALUES (?, ?, ?)')
  const loadUpTo = db.prepare('SELECT known_upto AS upTo FROM counter')
  const [begin, keep, undo] = ['SAVEPOINT ids', 'RELEASE ids', 'ROLLBACK TO ids'].map(sql => db.prepare(sql)) as [
    StatementSync,
    StatementSync,
    StatementSync,
  ]
  const saveUpTo = db.prepare('UPDATE counter SET known_upto = ?')
  const notMoved = db.prepare(
    'SELECT device, id, seq FROM entry WHERE seq > (SELECT known_upto FROM counter) AND id IS NOT NULL ORDER BY seq',
  )
  const forgetUpTo = db.prepare(
    'DELETE FROM known_id WHERE (device, id) IN (SELECT device, id FROM entry WHERE seq <= ? AND id IS NOT NULL)',
  )

  /** By device, then id. At most `movedAtOnce` and what comes during a sweep, which is faster than what comes. */
  let fresh: Ids = new Map()
  let freshCount = 0
  let known = 0
  /** The next sweep begins with so many; more after one that failed. */
  let sweepAt = sweepFrom
  /** What the sweep under way moves, up to number `upTo`. */
  let sweep: Sweep | undefined
  reset()

  function seqOf(device: number, id: string): number | undefined {
    return (
      fresh.get(device)?.get(id) ??
      sweep?.ids.get(device)?.get(id) ??
      (find.get(device, id) as { seq: number } | undefined)?.seq
    )
  }

  function add(device: number, id: string, seq: number): void {
    let ids = fresh.get(device)
    if (ids === undefined) {
      ids = new Map()
      fresh.set(device, ids)
    }
    ids.set(id, seq)
    freshCount++
  }

  /**
   * A step of the sweep, where there is one to be made, in the transaction of who calls, whose entries go up to `lastSeq`. An alarm's is
   * left alone (`isUrgent`) as long as there is no hurry. A step that fails is undone, and its sweep begins anew in a while:
   * the ids stay in memory and in the entries, so nobody's entry has to fail with it.
   */
  function move(count: number, lastSeq: number, isUrgent = false): void {
    if (isUrgent && freshCount < 2 * sweepFrom) return
    if (sweep === undefined) {
      if (freshCount < sweepAt && lastSeq - known < entriesPerId * sweepAt) return
      sweep = { ids: fresh, order: inOrder(fresh), upTo: lastSeq }
      fresh = new Map()
      freshCount = 0
    }
    begin.run()
    try {
      step(sweep, count)
    } catch (error) {
      // SQLite itself rolls everything back where the disk is full or fails: then that is the transaction's failure.
      if (!db.isTransaction) throw error
      undo.run()
      giveUp()
    }
    keep.run()
  }

  function step({ ids, order, upTo }: Sweep, count: number): void {
    for (let moved = 0; moved < count; moved++) {
      const next = order.next()
      if (next.done === true) {
        saveUpTo.run(upTo)
        known = upTo
        sweep = undefined
        sweepAt = sweepFrom
        return
      }
      const [device, id, seq] = next.value
      // Else it was forgotten meanwhile.
      if (ids.get(device)?.has(id) === true) insert.run(device, id, seq)
    }
  }

  function giveUp(): void {
    for (const [device, ids] of sweep?.ids ?? []) for (const [id, seq] of ids) add(device, id, seq)
    sweep = undefined
    sweepAt = freshCount + sweepFrom
  }

  /** Before the entries up to `seq` are deleted: their ids are new again from then on. */
  function forget(seq: number): void {
    forgetUpTo.run(seq)
    for (const ids of fresh.values()) for (const [id, of] of ids) if (of <= seq && ids.delete(id)) freshCount--
    for (const ids of sweep?.ids.values() ?? []) for (const [id, of] of ids) if (of <= seq) ids.delete(id)
  }

  /** Reads first and forgets then: if it can't be read, nothing is forgotten. */
  function reset(): void {
    const entries = notMoved.all() as { device: number; id: string; seq: number }[]
    const { upTo } = loadUpTo.get() as { upTo: number }
    known = upTo
    sweepAt = sweepFrom
    fresh = new Map()
    freshCount = 0
    sweep = undefined
    for (const { device, id, seq } of entries) add(device, id, seq)
  }

  return { seqOf, add, move, forget, reset }
}

function* inOrder(ids: Ids): Generator<[number, string, number]> {
  for (const device of [...ids.keys()].sort((one, other) => one - other))
    for (const [id, seq] of [...(ids.get(device) as Map<string, number>)].sort(([one], [other]) =>
      one < other ? -1 : 1,
    ))
      yield [device, id, seq]
}

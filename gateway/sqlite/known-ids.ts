import type { DatabaseSync } from 'node:sqlite'

/**
 * Which `(device, id)` the journal holds: the proof that an event is new. A unique index on the entries would be simpler, but
 * each device writes to a leaf of its own, so that a commit of 50 events from 50 devices rewrites 50 pages of index for 3 of
 * entries; measured, that halved the pubacks. So the newest ids stay in memory, and move to their table many at a time, sorted,
 * after a commit was answered. What had not moved when the process died is read again from the entries at the next start.
 */
const usuallyMovedAtOnce = 1024

export function knownIds(db: DatabaseSync, movedAtOnce = usuallyMovedAtOnce) {
  const find = db.prepare('SELECT seq FROM known_id WHERE device = ? AND id = ?')
  const insert = db.prepare('INSERT INTO known_id (device, id, seq) VALUES (?, ?, ?)')
  const saveUpTo = db.prepare('UPDATE counter SET known_upto = ?')
  const notMoved = db.prepare(
    'SELECT device, id, seq FROM entry WHERE seq > (SELECT known_upto FROM counter) AND id IS NOT NULL ORDER BY seq',
  )
  const forgetUpTo = db.prepare(
    'DELETE FROM known_id WHERE (device, id) IN (SELECT device, id FROM entry WHERE seq <= ? AND id IS NOT NULL)',
  )

  /** By device, then id. At most `movedAtOnce` and what one group of commits adds. */
  let fresh = new Map<number, Map<string, number>>()
  let freshCount = 0
  let last = 0
  reset()

  function seqOf(device: number, id: string): number | undefined {
    return fresh.get(device)?.get(id) ?? (find.get(device, id) as { seq: number } | undefined)?.seq
  }

  function add(device: number, id: string, seq: number): void {
    let ids = fresh.get(device)
    if (ids === undefined) {
      ids = new Map()
      fresh.set(device, ids)
    }
    ids.set(id, seq)
    freshCount++
    last = seq
  }

  /**
   * Once there are enough: moves them, in a transaction of its own. A failure (a full disk) leaves them where they are, in
   * memory and in the entries: nobody waits for the move, and it is made again after the next commit that works.
   */
  function settle(inTransaction: (work: () => void) => void): void {
    if (freshCount < movedAtOnce) return
    try {
      inTransaction(move)
    } catch {
      return
    }
    fresh = new Map()
    freshCount = 0
  }

  function move(): void {
    for (const device of [...fresh.keys()].sort((one, other) => one - other))
      for (const [id, seq] of [...(fresh.get(device) as Map<string, number>)].sort(([one], [other]) =>
        one < other ? -1 : 1,
      ))
        insert.run(device, id, seq)
    saveUpTo.run(last)
  }

  /** Before the entries up to `seq` are deleted: their ids are new again from then on. */
  function forget(seq: number): void {
    forgetUpTo.run(seq)
    for (const ids of fresh.values()) for (const [id, of] of ids) if (of <= seq && ids.delete(id)) freshCount--
  }

  /** Reads first and forgets then: if it can't be read, nothing is forgotten. */
  function reset(): void {
    const entries = notMoved.all() as { device: number; id: string; seq: number }[]
    fresh = new Map()
    freshCount = 0
    for (const { device, id, seq } of entries) add(device, id, seq)
  }

  return { seqOf, add, settle, forget, reset }
}

import type { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { explainDamage, openKeeper, openReader, openWriter } from './open.ts'
import { keeperProcedures, readProcedures, writeProcedures } from './procedures.ts'
import { type Answer, failureOf, type Request, type WorkerRole } from './request.ts'

/**
 * The storage thread. Group commit without a timer (design decision 2): what gathered while the last commit ran is the next
 * transaction. Messages that arrived meanwhile are all delivered before `setImmediate`, so one turn takes them together.
 * The reader's thread is the same without transactions, so that no question waits for a commit.
 */
type Call = { request: Request; port: MessagePort }
type Procedures = Record<string, (argument: never) => unknown>

const { file, role } = workerData as { file: string; role: WorkerRole }
const main = parentPort as MessagePort
/** A group commits after this many calls, so that the first of a flood isn't kept waiting for the last. */
const callsPerGroup = 64

// The thread is started early and opens the file when it is told to: the reader once the writer has made it what it must be.
main.once('message', start)

function start(): void {
  let run: (calls: Call[]) => void
  let db: DatabaseSync
  try {
    db = { writer: openWriter, reader: openReader, keeper: openKeeper }[role](file)
    run = role === 'writer' ? writer(db) : singly(role === 'keeper' ? keeperProcedures(db) : readProcedures(db))
  } catch (error) {
    main.postMessage({ type: 'unopened', error: failureOf(explainDamage(file, error)) } satisfies Answer)
    main.close()
    return
  }
  const gathered: Call[] = []
  const accept = (port: MessagePort) =>
    port.on('message', (request: Request) => {
      if (request.procedure === 'port') {
        accept(request.argument as MessagePort)
        return
      }
      if (request.procedure === 'close') {
        db.close()
        answer({ request, port }, undefined)
        return
      }
      if (gathered.length === 0) setImmediate(work)
      gathered.push({ request, port })
    })
  const work = () => {
    const calls = gathered.splice(0, callsPerGroup)
    run(calls)
    if (gathered.length > 0) setImmediate(work)
  }
  accept(main)
  main.postMessage({ type: 'opened' } satisfies Answer)
}

function writer(db: DatabaseSync): (calls: Call[]) => void {
  const { procedures, reset, settleIds } = writeProcedures(db)
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  /**
   * What the procedures keep in memory may be believed: it is what the file holds. After a failure it isn't until it was read
   * again, and until then every call fails: an id that is taken for known, and isn't, would be an event lost.
   */
  let believed = true
  const readAgain = () => {
    if (db.isTransaction) db.exec('ROLLBACK')
    reset()
    believed = true
  }
  const inTransaction = <T>(work: () => T): T => {
    if (!believed) readAgain()
    begin.run()
    try {
      const value = work()
      commit.run()
      return value
    } catch (error) {
      believed = false
      try {
        readAgain()
      } catch {
        // The disk is sick: the next call tries, and fails with its own error until it works.
      }
      throw error
    }
  }
  const transact = (calls: Call[]): unknown[] =>
    inTransaction(() =>
      calls.map(({ request }) => (procedures as unknown as Procedures)[request.procedure]?.(request.argument as never)),
    )
  return calls => {
    try {
      const values = transact(calls)
      for (const [index, call] of calls.entries()) answer(call, values[index])
    } catch (error) {
      // One bad call must not fail its neighbours: each gets a transaction of its own, and only the bad one its error.
      if (calls.length === 1) fail(calls[0] as Call, error)
      else for (const call of calls) alone(call)
    }
    settleIds(inTransaction)
  }
  function alone(call: Call): void {
    try {
      answer(call, transact([call])[0])
    } catch (error) {
      fail(call, error)
    }
  }
}

/** Each call by itself, without a transaction. */
function singly(
  named: ReturnType<typeof readProcedures> | ReturnType<typeof keeperProcedures>,
): (calls: Call[]) => void {
  const procedures = named as unknown as Procedures
  return calls => {
    for (const call of calls) {
      try {
        answer(call, procedures[call.request.procedure]?.(call.request.argument as never))
      } catch (error) {
        fail(call, error)
      }
    }
  }
}

const answer = ({ request, port }: Call, value: unknown): void =>
  port.postMessage({ type: 'done', id: request.id, value } satisfies Answer)
const fail = ({ request, port }: Call, error: unknown): void =>
  port.postMessage({
    type: 'failed',
    id: request.id,
    error: failureOf(explainDamage(file, error)),
  } satisfies Answer)

import type { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { inPlace } from './in-place.ts'
import { explainDamage, openKeeper, openReader, openWriter } from './open.ts'
import { keeperProcedures, readProcedures } from './procedures.ts'
import { type Answer, failureOf, type Request, type WorkerRole } from './request.ts'
import { keepDamagedWal } from './wal-damage.ts'
import { commitsOf, createWriter } from './writer.ts'
import { type Call, callsPerGroup } from './writing.ts'

/**
 * The storage thread. Group commit without a timer (design decision 2): what gathered while the last commit ran is the next
 * transaction. Messages that arrived meanwhile are all delivered before `setImmediate`, so one turn takes them together.
 * The reader's thread is the same without transactions, so that no question waits for a commit.
 */
type Asked = { request: Request; port: MessagePort }
type Writer = ReturnType<typeof createWriter>
type Procedures = Record<string, (argument: never) => unknown>

const { file, role } = workerData as { file: string; role: WorkerRole }
const main = parentPort as MessagePort

// The thread is started early and opens the file when it is told to: the reader once the writer has made it what it must be.
main.once('message', start)

function start(): void {
  let run: (calls: readonly Call[]) => void
  let db: DatabaseSync
  let writing: Writer | undefined
  let damage: string | undefined
  try {
    if (role === 'writer') damage = keepDamagedWal(file)
    db = { writer: openWriter, reader: openReader, keeper: openKeeper }[role](file)
    if (role === 'writer')
      writing = createWriter(db, {
        assertInPlace: inPlace(file).assert,
        onTrouble: trouble => main.postMessage({ type: 'health', trouble } satisfies Answer),
      })
    run = writing?.write ?? singly(role === 'keeper' ? keeperProcedures(db) : readProcedures(db))
  } catch (error) {
    main.postMessage({ type: 'unopened', error: failureOf(explainDamage(file, error)) } satisfies Answer)
    main.close()
    return
  }
  const gathered: Call[] = []
  const accept = (port: MessagePort) =>
    port.on('message', (sent: Request | Request[]) => {
      if (Array.isArray(sent)) for (const request of sent) take({ request, port })
      else take({ request: sent, port })
    })
  const take = (asked: Asked) => {
    const { procedure, argument } = asked.request
    if (procedure === 'port') {
      accept(argument as MessagePort)
      return
    }
    if (procedure === 'close') {
      writing?.close()
      db.close()
      answer(asked, undefined)
      return
    }
    if (procedure === 'holdNothing') {
      writing?.holdNothing()
      return
    }
    if (gathered.length === 0) setImmediate(work)
    gathered.push(callOf(asked))
  }
  const work = () => {
    const calls = gathered.splice(0, callsPerGroup)
    for (const commit of commitsOf(calls)) run(commit)
    if (gathered.length > 0) setImmediate(work)
  }
  accept(main)
  main.postMessage({ type: 'opened', damage } satisfies Answer)
}

/** Each call by itself, without a transaction. */
function singly(
  named: ReturnType<typeof readProcedures> | ReturnType<typeof keeperProcedures>,
): (calls: readonly Call[]) => void {
  const procedures = named as unknown as Procedures
  return calls => {
    for (const call of calls) {
      try {
        call.answer(procedures[call.procedure]?.(call.argument as never))
      } catch (error) {
        call.fail(error)
      }
    }
  }
}

const callOf = (asked: Asked): Call => ({
  procedure: asked.request.procedure,
  argument: asked.request.argument,
  answer: value => answer(asked, value),
  fail: error => fail(asked, error),
})
const answer = ({ request, port }: Asked, value: unknown): void =>
  port.postMessage({ type: 'done', id: request.id, value } satisfies Answer)
const fail = ({ request, port }: Asked, error: unknown): void =>
  port.postMessage({
    type: 'failed',
    id: request.id,
    error: failureOf(explainDamage(file, error)),
  } satisfies Answer)

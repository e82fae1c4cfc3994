import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads'
import { OperationalError } from '../errors.ts'
import type { KeeperProcedures, ReadProcedures, WriteProcedures } from './procedures.ts'
import { type Answer, errorOf, type Failure, type Request, type WorkerRole } from './request.ts'

/** A thread that can be asked by name. Each call resolves with the procedure's value, a write once it is on disk. */
export type Caller<Procedures> = {
  call<Name extends keyof Procedures & string>(
    name: Name,
    argument: Argument<Procedures[Name]>,
    transfer?: readonly Transferable[],
  ): Promise<Value<Procedures[Name]>>
}
/** The calls that `ask` makes arrive as one: one commit takes them, unless something fails. */
export type Together = { together<R>(ask: () => R): R }
type Argument<P> = P extends (argument: infer A) => unknown ? A : never
type Value<P> = P extends (...given: never[]) => infer V ? V : never

export type Database = {
  write: Caller<WriteProcedures> & Together
  read: Caller<ReadProcedures>
  /** The same questions for people, in a thread of their own: a list or a count must not hold up the desk's next alarm. */
  lists: Caller<ReadProcedures>
  /** A way to the storage thread for another thread: pass the port there and make it a `callerOn`. */
  writePort(): MessagePort
  /**
   * Begins what is done beside the writing, in a thread of its own: reads every page once, and tells of damage; then makes
   * checkpoints for as long as the database is open. Resolves when the pages were read.
   */
  keep(onDamage: (what: string) => void): Promise<void>
  /** Empties the `-wal` file, which holds pages as they were before (sqlite/erase.ts). false: a reader stood in the way. */
  emptyLog(): Promise<boolean>
  /** What of acknowledged commits could not be read at the start, in words; undefined: they are all there. */
  walDamage: string | undefined
  /** Why the disk takes nothing, as the storage thread found it: for as long as it does, appends wait (sqlite/writing.ts). */
  trouble(): Failure | undefined
  /** Whenever `trouble` changes. */
  onHealth(listener: (trouble: Failure | undefined) => void): void
  /** From here on an append that can't be written fails at once: the gateway stops. */
  holdNothing(): void
  /** Resolves when all writes have been answered and the threads have ended. Reads under way are never answered. */
  close(): Promise<void>
}

/** Often, so that each is short. */
const checkpointEveryMs = 200

/** Opens or makes the file. Rejects with an OperationalError that tells a person what is wrong with it. */
export async function openDatabase(file: string, onLost: (error: Error) => void): Promise<Database> {
  let trouble: Failure | undefined
  let onHealth: ((trouble: Failure | undefined) => void) | undefined
  const writing = startThread(file, 'writer', onLost)
  const [writer, reader] = await Promise.all([writing, startThread(file, 'reader', onLost, writing)])
  /** Started when it is first asked. */
  let lists: ReturnType<typeof startThread> | undefined
  let keeper: ReturnType<typeof startThread> | undefined
  let timer: NodeJS.Timeout | undefined
  let closing = false
  writer.worker.on('message', (answer: Answer) => {
    if (answer.type !== 'health') return
    trouble = answer.trouble
    onHealth?.(trouble)
  })
  return {
    walDamage: writer.damage,
    trouble: () => trouble,
    onHealth(listener) {
      onHealth = listener
    },
    holdNothing() {
      writer.worker.postMessage({ id: 0, procedure: 'holdNothing', argument: undefined } satisfies Request)
    },
    write: writer.caller as Caller<WriteProcedures> & Together,
    read: reader.caller as Caller<ReadProcedures>,
    writePort() {
      const { port1, port2 } = new MessageChannel()
      writer.worker.postMessage({ id: 0, procedure: 'port', argument: port1 } satisfies Request, [port1])
      return port2
    },
    lists: {
      async call(...asked) {
        lists ??= startThread(file, 'reader', onLost)
        return await ((await lists).caller as Caller<ReadProcedures>).call(...asked)
      },
    },
    async keep(onDamage) {
      keeper ??= startThread(file, 'keeper', onLost)
      const { call } = (await keeper).caller as Caller<KeeperProcedures>
      const checkpoint = () =>
        call('checkpoint', undefined)
          // Another connection's checkpoint is under way, or the disk is sick: what isn't carried over now is the next time.
          .catch(() => {})
          .finally(() => {
            if (!closing) timer = setTimeout(checkpoint, checkpointEveryMs)
          })
      const damage = await call('findDamage', undefined)
      if (damage !== undefined) onDamage(damage)
      void checkpoint()
    },
    async emptyLog() {
      keeper ??= startThread(file, 'keeper', onLost)
      return await ((await keeper).caller as Caller<KeeperProcedures>).call('emptyLog', undefined)
    },
    async close() {
      closing = true
      clearTimeout(timer)
      await writer.caller.settled()
      await Promise.all([reader.end(), ...[keeper, lists].map(started => started?.then(thread => thread.end()))])
      // The last connection carries the WAL into the file when it closes: a copy of that one file is then a whole backup.
      await (writer.caller as Caller<{ close: (argument: undefined) => void }>).call('close', undefined)
      await writer.end()
    },
  }
}

/** `mayOpen`: what must have been before it opens the file; it fails with that. */
async function startThread(
  file: string,
  role: WorkerRole,
  onLost: (error: Error) => void,
  mayOpen: Promise<unknown> = Promise.resolve(),
) {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { file, role },
    name: `sqlite-${role}`,
  })
  const opened = new Promise<string | undefined>((resolve, reject) => {
    worker.once('message', (answer: Answer) =>
      answer.type === 'unopened'
        ? reject(errorOf(answer.error))
        : resolve(answer.type === 'opened' ? answer.damage : undefined),
    )
    worker.once('error', reject)
  })
  try {
    const open: Request = { id: 0, procedure: 'open', argument: undefined }
    await Promise.all([mayOpen.then(() => worker.postMessage(open)), opened])
  } catch (error) {
    await worker.terminate()
    throw error
  }
  const caller = callerOn(worker)
  let ending = false
  const lost = (error: Error) => {
    if (ending) return
    caller.failAll(error)
    onLost(error)
  }
  worker.on('error', lost)
  worker.on('exit', code =>
    lost(
      new OperationalError('storage-lost', `the thread sqlite-${role} ended with code ${code}`, { retryable: false }),
    ),
  )
  return {
    worker,
    caller,
    damage: await opened,
    async end() {
      ending = true
      await worker.terminate()
    },
  }
}

type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void }

/** Calls over a worker or a port. The number of calls under way is bounded by who calls: each waits, or bounds itself. */
export function callerOn<Procedures>(port: Worker | MessagePort) {
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let onSettled: (() => void) | undefined
  let gathered: { requests: Request[]; transfer: Transferable[] } | undefined
  port.on('message', (answer: Answer) => {
    if (answer.type !== 'done' && answer.type !== 'failed') return
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.type === 'done') call?.resolve(answer.value as never)
    else call?.reject(errorOf(answer.error))
    if (waiting.size === 0) onSettled?.()
  })
  return {
    call(procedure: string, argument: unknown, transfer: readonly Transferable[] = []): Promise<never> {
      const id = nextId++
      return new Promise<never>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        const request: Request = { id, procedure, argument }
        if (gathered === undefined) port.postMessage(request, transfer as Transferable[])
        else {
          gathered.requests.push(request)
          gathered.transfer.push(...transfer)
        }
      })
    },
    together<R>(ask: () => R): R {
      const sent: NonNullable<typeof gathered> = { requests: [], transfer: [] }
      gathered = sent
      try {
        return ask()
      } finally {
        gathered = undefined
        port.postMessage(sent.requests, sent.transfer)
      }
    },
    settled: (): Promise<void> =>
      waiting.size === 0
        ? Promise.resolve()
        : new Promise(resolve => {
            onSettled = resolve
          }),
    failAll(error: Error): void {
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    },
  } as Caller<Procedures> & Together & { settled(): Promise<void>; failAll(error: Error): void }
}

import type { MessagePort } from 'node:worker_threads'
import { type Caller, callerOn, type Together } from '../../gateway/sqlite/database.ts'
import { type ReadProcedures, readProcedures, type WriteProcedures } from '../../gateway/sqlite/procedures.ts'
import { type Answer, failureOf, type Request } from '../../gateway/sqlite/request.ts'
import { commitsOf, createWriter } from '../../gateway/sqlite/writer.ts'
import { type Call, callsPerGroup } from '../../gateway/sqlite/writing.ts'
import type { Chance } from './chance.ts'
import { at, ownWrites, steps, writesOf } from './crash-points.ts'
import type { Disk } from './disk.ts'
import type { Life, Universe } from './universe.ts'

/**
 * The two storage threads, as sqlite/worker.ts has them: messages there and back, each with its own delay and in their order;
 * what gathered while a commit ran is the next group. The code that writes and reads is the gateway's.
 */
export type Storage = {
  read: Caller<ReadProcedures>
  write: Caller<WriteProcedures> & Together
  lists: Caller<ReadProcedures>
  emptyLog(): Promise<boolean>
  /** A way to the writer of its own, for another thread. */
  writePort(): Caller<WriteProcedures>
  holdNothing(): void
  /** Why the disk takes nothing; undefined: it does. */
  trouble(): string | undefined
  settled(): Promise<void>
}

type World = { universe: Universe; chance: Chance; disk: Disk; idsMovedAtOnce: number; passed: (point: string) => void }

const hopMs = { low: 0.005, high: 0.4 }

export function startStorage(world: World, life: Life): Storage {
  const { universe, chance, disk, passed } = world
  const db = disk.open(life)
  let trouble: string | undefined
  const writing = createWriter(db, {
    assertInPlace: () => {},
    onTrouble: failure => {
      trouble = failure?.code
    },
    idsMovedAtOnce: world.idsMovedAtOnce,
  })
  const gathered: Call[] = []
  let isAtWork = false
  const work = () => {
    isAtWork = true
    const calls = gathered.splice(0, callsPerGroup)
    universe.plan(
      disk.commitMs(),
      () => {
        for (const commit of commitsOf(calls)) {
          disk.writes = commit.flatMap(writesOf)
          disk.calls = commit
          writing.write(commit)
        }
        disk.writes = [ownWrites.held]
        disk.calls = []
        isAtWork = false
        if (gathered.length > 0) work()
      },
      life,
    )
  }
  const writer = (calls: readonly Call[]) => {
    gathered.push(...calls)
    if (!isAtWork) work()
  }
  const readers = { ...readProcedures(disk.reader) } as unknown as Record<string, (argument: unknown) => unknown>
  const { due } = readers
  // It is asked more often than anything else, mostly while nothing is pending, and takes its time to find that out.
  readers.due = query => {
    const endpoints = disk.pending()
    return endpoints.length === 0 ? { due: [], nextAt: null } : due?.({ ...(query as object), endpoints })
  }
  const reader = (calls: readonly Call[]) => {
    for (const call of calls)
      try {
        if (disk.isSick && disk.sickness?.isUnreadable)
          throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
        call.answer(readers[call.procedure]?.(call.argument))
      } catch (error) {
        call.fail(error)
      }
  }
  const connect = <P>(take: (calls: readonly Call[]) => void) => {
    const line = () => {
      let last = 0
      return (deliver: () => void) => {
        last = Math.max(last, universe.now + chance.within(hopMs.low, hopMs.high))
        universe.plan(last - universe.now, deliver, life)
      }
    }
    const there = line()
    const back = line()
    let listener: (answer: Answer) => void = () => {}
    const answer = (call: Call, message: Answer) => {
      // What dies with the process is never sent.
      if (!life.alive) return
      back(() => {
        listener(message)
        universe.afterwards(() => {
          for (const point of pointsAfter(call, message)) passed(point)
        })
      })
    }
    const port = {
      on: (_event: string, listen: typeof listener) => {
        listener = listen
      },
      postMessage(sent: Request | Request[], transfer: ArrayBuffer[] = []) {
        if (!life.alive) return
        const requests = structuredClone([sent].flat(), { transfer })
        const calls = requests.map(({ id, procedure, argument }) => {
          const call: Call = {
            procedure,
            argument,
            answer: value => answer(call, { type: 'done', id, value }),
            fail: error => answer(call, { type: 'failed', id, error: failureOf(error) }),
          }
          return call
        })
        there(() => take(calls))
        for (const write of calls.flatMap(writesOf)) if (!write.startsWith('retention')) passed(at(write, 'asked'))
      },
    }
    return callerOn<P>(port as unknown as MessagePort)
  }
  const write = connect<WriteProcedures>(writer)
  return {
    read: connect<ReadProcedures>(reader),
    write,
    lists: connect<ReadProcedures>(reader),
    // There is no log: what is in memory is one file.
    emptyLog: async () => true,
    writePort: () => connect<WriteProcedures>(writer),
    holdNothing: () => writing.holdNothing(),
    trouble: () => trouble,
    settled: write.settled,
  }
}

/** Once the answer has set going what it sets going. */
function pointsAfter(call: Call, message: Answer): string[] {
  if (message.type !== 'done') return []
  if (call.procedure === 'readAlarms') return [steps.journalRead]
  if (call.procedure === 'due') return [steps.swept]
  return writesOf(call)
    .filter(write => !write.startsWith('retention') || (message.value as number) > 0)
    .map(write => at(write, 'answered'))
}

import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../gateway/clock.ts'
import { readRegistry } from '../../gateway/devices/registry-file.ts'
import type { Journal, Outcome, Publish } from '../../gateway/journal/journal.ts'
import { silentLog } from '../../gateway/log.ts'
import { Broker, type BrokerOptions } from '../../gateway/mqtt/broker.ts'
import { temporaryDirectory } from './directory.ts'
import { writeRegistry } from './registry.ts'

/** The broker alone, in this process and over real TCP, with a journal of the test's choice. Returns its port. */
export async function startBroker(journal: Journal, options: Partial<BrokerOptions> & { clock?: Clock } = {}) {
  const { registry } = readRegistry(writeRegistry(temporaryDirectory()))
  const broker = new Broker({
    journal,
    registry: () => registry!,
    clock: systemClock,
    log: silentLog,
    retentionMs: 30 * 86_400_000,
    maxPayloadBytes: 65_536,
    limits: { maxConnections: 1000, maxConnectionsPerAddress: 1000 },
    onSeen: () => {},
    onConnected: () => {},
    onWantsCommands: () => {},
    ...options,
  })
  const port = await broker.open('127.0.0.1', 0)
  onTestFinished(async () => {
    broker.stopTaking()
    await broker.end()
  })
  return { broker, port }
}

type Held = { publish: Publish; done: (error: Error | null, outcome?: Outcome) => void }

/** A journal whose disk the test is: nothing is committed before `commit`, nothing is refused before `fail`. */
export class HeldJournal implements Journal {
  readonly held: Held[] = []
  /** The most that were held at any one time. */
  most = 0
  appended = 0
  #seq = 0
  #running = false

  append(publish: Publish, done: Held['done']): void {
    this.appended++
    this.held.push({ publish, done })
    this.most = Math.max(this.most, this.held.length)
    if (this.#running) setImmediate(() => this.commit())
  }

  /** Commits the first `count` that are held, all by default. */
  commit(count = this.held.length): void {
    for (const { publish, done } of this.held.splice(0, count))
      done(null, { result: 'reason' in publish ? 'rejected' : 'stored', seq: ++this.#seq })
  }

  /** Commits what one device has waiting, before all others. */
  commitOf(device: string): void {
    const own = this.held.filter(({ publish }) => publish.device === device)
    const others = this.held.filter(({ publish }) => publish.device !== device)
    this.held.splice(0, this.held.length, ...own, ...others)
    this.commit(own.length)
  }

  fail(error: Error, count = this.held.length): void {
    for (const { done } of this.held.splice(0, count)) done(error)
  }

  /** From here on it is a disk that works. */
  run(): void {
    this.#running = true
    this.commit()
  }
}

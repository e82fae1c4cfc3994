import { type AuditLine, headText } from '../audit/line.ts'
import { type Refusal, Refusals } from '../audit/refusals.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Database } from '../sqlite/database.ts'
import type { FirstWrites } from './first-writes.ts'

/** The wiring of the audit log: what the gateway itself writes into it, and its heads, which leave the file by the log. */
export type Auditing = {
  /** How the log was changed while no gateway ran; undefined: it wasn't. Resolves once the first line of this run is on disk. */
  broken: Promise<string | undefined>
  /** Resolves once the line is on disk: what it tells of may be answered only then. */
  write(line: Omit<AuditLine, 'at'>): Promise<void>
  /** Waits for nothing: whoever is refused is refused, whatever the disk does. */
  refused(refusal: Refusal): void
  /** The last line of this run. */
  stop(): Promise<void>
}

const headEveryMs = 60 * 60_000

export async function startAuditing(options: {
  database: Pick<Database, 'read' | 'write'>
  firstWrites: FirstWrites
  clock: Clock
  log: Log
  version: string
}): Promise<Auditing> {
  const { database, firstWrites, clock, log, version } = options
  const { read, write } = database
  const refusals = new Refusals()

  const started: AuditLine = {
    at: clock(),
    by: 'gateway',
    what: 'gateway.started',
    subject: null,
    details: { version },
  }
  const { promise: broken, resolve: begun } = Promise.withResolvers<string | undefined>()
  let beginning: Promise<void> | undefined
  /** The first line, once: no other goes before it, as it looks whether the end is still what was noted. */
  function begin(): Promise<void> {
    beginning ??= write.call('startAudit', started).then(
      found => {
        if (found !== undefined) log.error({ broken: found }, 'audit.broken')
        begun(found)
      },
      error => {
        beginning = undefined
        throw error
      },
    )
    return beginning
  }
  await firstWrites.write('audit', begin)

  /** A copy of the head where the log's lines go: what is changed in the file later doesn't fit it. */
  async function tellHead(): Promise<void> {
    log.info({ head: headText(await read.call('auditHead', undefined)) }, 'audit.head')
  }
  const failed = (error: unknown) => log.error({ err: messageOf(error) }, 'audit.failed')
  const add = async (lines: AuditLine[]): Promise<void> => {
    if (lines.length === 0) return
    await begin()
    await write.call('audit', lines)
  }
  await tellHead()
  const timer = setInterval(() => void add(refusals.end(clock())).then(tellHead).catch(failed), headEveryMs)

  return {
    broken,
    write: line => add([{ at: clock(), ...line }]),
    refused: refusal => void add(refusals.take(refusal, clock())).catch(failed),
    async stop() {
      clearInterval(timer)
      try {
        const at = clock()
        await add([...refusals.end(at), { at, by: 'gateway', what: 'gateway.stopped', subject: null, details: {} }])
        await tellHead()
      } catch (error) {
        failed(error)
      }
    },
  }
}

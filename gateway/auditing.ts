import { type AuditLine, headText } from './audit/line.ts'
import { type Refusal, Refusals } from './audit/refusals.ts'
import type { Clock } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Log } from './log.ts'
import type { Database } from './sqlite/database.ts'

/** The wiring of the audit log: what the gateway itself writes into it, and its heads, which leave the file by the log. */
export type Auditing = {
  /** How the log was changed while no gateway ran; undefined: it wasn't. */
  broken: string | undefined
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
  clock: Clock
  log: Log
  version: string
}): Promise<Auditing> {
  const { database, clock, log, version } = options
  const { read, write } = database
  const refusals = new Refusals()

  const broken = await write.call('startAudit', {
    at: clock(),
    by: 'gateway',
    what: 'gateway.started',
    subject: null,
    details: { version },
  })
  if (broken !== undefined) log.error({ broken }, 'audit.broken')

  /** A copy of the head where the log's lines go: what is changed in the file later doesn't fit it. */
  async function tellHead(): Promise<void> {
    log.info({ head: headText(await read.call('auditHead', undefined)) }, 'audit.head')
  }
  const failed = (error: unknown) => log.error({ err: messageOf(error) }, 'audit.failed')
  const add = async (lines: AuditLine[]): Promise<void> => {
    if (lines.length > 0) await write.call('audit', lines)
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

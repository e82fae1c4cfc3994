import { parentPort, type ResourceLimits, Worker, workerData } from 'node:worker_threads'
import { Failure } from '../arguments.ts'
import { type AuditOptions, audit } from './audit.ts'
import type { AuditReport } from './report.ts'

/**
 * An audit in a thread of its own, whose memory is bounded whatever it reads: what doesn't fit fails, it does not grow. V8
 * takes what it may before it collects: without the bound a million lines came to 430 MiB, of which 64 were needed.
 */
const usualMemory: ResourceLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 }

type Said = { report: AuditReport } | { failure: string }

/** Throws Failure where something can't be read. */
export async function auditInThread(options: AuditOptions, memory = usualMemory): Promise<AuditReport> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { audit: options }, resourceLimits: memory })
  const said = await new Promise<Said>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`the auditing thread ended with ${code}`)))
  })
  if ('failure' in said) throw new Failure(said.failure)
  return said.report
}

const given = (workerData as { audit?: AuditOptions } | null)?.audit
if (parentPort !== null && given !== undefined) {
  const port = parentPort
  audit(given).then(
    report => port.postMessage({ report } satisfies Said),
    error => {
      if (!(error instanceof Failure)) throw error
      port.postMessage({ failure: error.message } satisfies Said)
    },
  )
}

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { type CheckedRegistry, type ReadRegistry, registryOf } from './registry-file.ts'

/**
 * Reads the registry in a thread of its own: of a large file with comments in it the YAML parser makes a second's work and some
 * hundred MB, and the gateway must neither stand still meanwhile nor keep them. What is wrong with the file, whatever it is, a
 * file without end too, ends the thread and nothing else.
 */
const timeoutMs = 30_000
const resourceLimits = { maxOldGenerationSizeMb: 1024 }

export async function readRegistryAside(file: string): Promise<ReadRegistry> {
  const worker = new Worker(new URL('./registry-thread.ts', import.meta.url), { workerData: file, resourceLimits })
  try {
    const [checked] = await once(worker, 'message', { signal: AbortSignal.timeout(timeoutMs) })
    return registryOf({ ...(checked as Omit<CheckedRegistry, 'content'>), content: undefined })
  } catch (error) {
    const why = (error as Error).name === 'AbortError' ? `not within ${timeoutMs / 1000} s` : messageOf(error)
    return { registry: undefined, endpoints: [], mistakes: [`${file}: can't be read: ${why}`], warnings: [] }
  } finally {
    void worker.terminate()
  }
}

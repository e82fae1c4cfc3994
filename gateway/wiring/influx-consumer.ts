import { Worker } from 'node:worker_threads'
import type { ConsumerState } from '../journal/consumer.ts'
import type { FromInfluxThread, InfluxThreadData, ToInfluxThread } from './influx-thread.ts'

/** The main thread's side of the Influx writer's thread. */
export type InfluxConsumer = {
  /** There is something new in the journal. Told on at most every `wakeEveryMs`, since most batches find it awake. */
  wake(): void
  /** As it last said; undefined until it has. */
  state(): (ConsumerState & { waiting: boolean }) | undefined
  /** Ends after the batch under way. What isn't committed then is written again after the next start, to the same points. */
  stop(): Promise<void>
}

const wakeEveryMs = 20
const stopMs = 7000

export function startInfluxConsumer(options: {
  data: InfluxThreadData
  onLost: (error: Error) => void
  onQuarantined: (count: number, reason: string) => void
}): InfluxConsumer {
  const worker = new Worker(new URL('./influx-thread.ts', import.meta.url), {
    workerData: options.data,
    transferList: [options.data.writePort],
    name: 'influx',
  })
  const tell = (message: ToInfluxThread) => worker.postMessage(message)
  let state: ConsumerState | undefined
  let wakeTimer: NodeJS.Timeout | undefined
  worker.on('error', options.onLost)
  worker.on('message', (message: FromInfluxThread) => {
    if (message.type === 'state') state = message.state
    if (message.type === 'quarantined') options.onQuarantined(message.count, message.reason)
  })
  return {
    wake() {
      wakeTimer ??= setTimeout(() => {
        wakeTimer = undefined
        tell('wake')
      }, wakeEveryMs)
    },
    state: () => state && { ...state, waiting: state.waitingSinceMs !== undefined },
    async stop() {
      clearTimeout(wakeTimer)
      const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
      tell('stop')
      const overdue = setTimeout(() => void worker.terminate(), stopMs)
      await exited
      clearTimeout(overdue)
    },
  }
}

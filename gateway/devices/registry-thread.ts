import { parentPort, workerData } from 'node:worker_threads'
import { checkRegistryFile } from './registry-file.ts'

/** A thread that lives for one reading of the registry (registry-aside.ts). */
const { content: _, ...checked } = checkRegistryFile(workerData as string)
parentPort?.postMessage(checked)

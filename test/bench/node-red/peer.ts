import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Mosquitto } from '../mosquitto.ts'
import { endWithUs } from '../processes.ts'
import { type Addresses, flowOf } from './flow.ts'

/** Node-RED with its flow, and the broker in front of it that its users have: mosquitto. */
export type NodeRed = { pid: number; end(): Promise<void> }

const folder = import.meta.dirname
const installed = join(folder, 'node_modules/node-red')
const startTimeoutMs = 60_000

/** Its version; undefined: it isn't there. */
export const nodeRedVersion = (): string | undefined =>
  existsSync(join(installed, 'package.json'))
    ? (JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }).version
    : undefined

/** Into this folder, exactly as locked, and without running anything of what comes. Throws where the registry can't be reached. */
export function installNodeRed(): void {
  process.stderr.write('bench: installing Node-RED into test/bench/node-red, once …\n')
  execFileSync('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Resolves once it has subscribed: what is published from then on goes through the flow. */
export async function startNodeRed(broker: Mosquitto, addresses: Omit<Addresses, 'mqttPort'>): Promise<NodeRed> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-node-red-'))
  const flow = join(dir, 'flows.json')
  writeFileSync(flow, JSON.stringify(flowOf({ mqttPort: broker.port, ...addresses })))
  const child = spawn(
    process.execPath,
    [join(installed, 'red.js'), '--settings', join(folder, 'settings.cjs'), '--userDir', dir, flow],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: dir } },
  )
  endWithUs(child)
  const ended = once(child, 'exit')
  const lines: string[] = []
  let isStarted = false
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', line => {
      lines.push(line)
      if (lines.length > 50) lines.shift()
      // A flow that refuses events does less work than it should: nobody may overlook that. What it says of its start is its own.
      if (isStarted && /\[(warn|error)\]/.test(line)) process.stderr.write(`node-red: ${line}\n`)
    })
  const failed = ended.then(([code]) => {
    throw new Error(`node-red ended with ${code}:\n${lines.join('\n')}`)
  })
  failed.catch(() => {})
  await Promise.race([broker.said(/gh\/v1\/\+\/\+\/event\/\+/, startTimeoutMs), failed])
  isStarted = true
  return {
    pid: child.pid as number,
    async end() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

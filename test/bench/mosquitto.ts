import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../helpers/free-port.ts'
import { endWithUs } from './processes.ts'

/** Debian's mosquitto: as a ceiling for a broker written in C, and as the broker in front of Node-RED. */
export type Mosquitto = {
  port: number
  pid: number
  /** Resolves once a line of its log matches, also one that was written before. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>
  end(): Promise<void>
}

/** Debian keeps it where only root's PATH leads. */
const env = { PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }

/** Its version; undefined: it isn't there. */
export const mosquittoVersion = (): string | undefined =>
  /mosquitto version (\S+)/.exec(spawnSync('mosquitto', ['-h'], { env, encoding: 'utf8' }).stdout ?? '')?.[1]

/**
 * Nothing on disk, no passwords to check. Its defaults would drop what a subscriber is slow to take, and let 20 messages travel at
 * a time; both are opened wide, in favour of who stands behind it.
 */
const configuration = (port: number) => `
listener ${port} 127.0.0.1
user ${userInfo().username}
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 1000
max_queued_messages 0
log_dest stderr
log_type error
log_type warning
log_type information
log_type subscribe
`

export async function startMosquitto(): Promise<Mosquitto> {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-mosquitto-'))
  const config = join(dir, 'mosquitto.conf')
  // To it, port 0 is a socket in the file system.
  const port = await freePort()
  writeFileSync(config, configuration(port))
  const child = spawn('mosquitto', ['-c', config], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  endWithUs(child)
  const ended = once(child, 'exit')
  const lines: string[] = []
  const waiting = new Set<(line: string) => void>()
  createInterface({ input: child.stderr }).on('line', line => {
    lines.push(line)
    if (lines.length > 500) lines.shift()
    for (const look of waiting) look(line)
  })
  const said = (pattern: RegExp, timeoutMs = 10_000) =>
    new Promise<void>((resolve, reject) => {
      if (lines.some(line => pattern.test(line))) return resolve()
      const failed = () => reject(new Error(`mosquitto never said ${pattern}:\n${lines.slice(-10).join('\n')}`))
      const timer = setTimeout(failed, timeoutMs)
      const look = (line: string) => {
        if (!pattern.test(line)) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
    })
  await said(/ running$/)
  return {
    port,
    pid: child.pid as number,
    said,
    async end() {
      child.kill('SIGTERM')
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** One of the gateway's commands as a person runs it; its exit code, and all it said. `input`: what is typed. */
export async function runCommand(
  file: string,
  args: string[],
  options: { dataDir: string; env?: Record<string, string>; input?: string },
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [`gateway/${file}`, ...args], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: options.dataDir, ...options.env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      said += chunk
    })
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

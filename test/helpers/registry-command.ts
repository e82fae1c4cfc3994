import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type Command, Refusal, UsageError } from '../../gateway/provisioning/arguments.ts'

/** `npm run registry -- …` as a user runs it: a process of its own. */
export async function runRegistry(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['gateway/commands/registry.ts', ...args], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    said.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    said.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, ...said }
}

/** One of its commands in this process. `lines`: what it said; `text`: the file afterwards; `wrong`: why it was refused. */
export function command(one: Command, registryFile: string, args: string[]) {
  const lines: string[] = []
  const take = (line: string) => void lines.push(line)
  const result = (wrong: readonly string[]) => ({ lines, wrong, text: readFileSync(registryFile, 'utf8') })
  try {
    one.run(args, { registryFile, say: take, warn: take })
    return result([])
  } catch (error) {
    if (error instanceof UsageError) return result([error.message])
    if (error instanceof Refusal) return result(error.mistakes)
    throw error
  }
}

/** The one secret that was shown. */
export const shown = ({ lines }: { lines: string[] }): string =>
  /^secret of \S+: (\S+)/m.exec(lines.join('\n'))?.[1] ?? `none in: ${lines.join('\n')}`

import { readFileSync } from 'node:fs'

export type Instruction = { name: string; argument: string }

/** The instructions of the last stage of a Dockerfile, in order; comments dropped, continued lines joined. */
export function readLastStage(path: string): Instruction[] {
  const instructions = readDockerfile(path)
  return instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
}

export function readDockerfile(path: string): Instruction[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter(line => line.trim() !== '')
  return lines.map(line => {
    const parts = /^([A-Z]+) +(.*\S)\s*$/.exec(line)
    if (parts === null) throw new Error(`${path}: no instruction: ${line}`)
    return { name: parts[1]!, argument: parts[2]! }
  })
}

/** `ENV` as a record. */
export const environmentOf = (instructions: readonly Instruction[]): Record<string, string> =>
  Object.fromEntries(
    instructions
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ argument }) => argument.split(/\s+/).map(pair => pair.split('=') as [string, string])),
  )

/** What `COPY` takes from the build context: `[source, target]`, target relative to the work directory. */
export const copiesOf = (instructions: readonly Instruction[]): [source: string, target: string][] =>
  instructions
    .filter(({ name, argument }) => name === 'COPY' && !argument.startsWith('--from'))
    .flatMap(({ argument }) => {
      const words = argument.split(/\s+/)
      const target = words.at(-1)!
      return words.slice(0, -1).map((source): [string, string] => [source, target])
    })

/** The exec form, `["node", "…"]`, of CMD or of HEALTHCHECK … CMD. Throws for the shell form, in which no signal arrives. */
export function execOf(instructions: readonly Instruction[], name: 'CMD' | 'HEALTHCHECK'): string[] {
  const { argument } = instructions.find(instruction => instruction.name === name)!
  return JSON.parse(argument.slice(argument.indexOf('['))) as string[]
}

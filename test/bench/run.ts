import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Figure } from './figure.ts'
import { isHere, type Peers } from './peers.ts'

/** Where, with what and how it was measured: figures without it say nothing. */
export type Run = { at: string; machine: string; versions: Record<string, string>; command: string }
export type Measured = Run & { figures: Figure[] }
/** By part, each as it was measured last. */
export type Book = Record<string, Measured>

export function thisRun(peers: Peers, command: string): Run {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const peer = (name: string, found: Peers[keyof Peers]) => (isHere(found) ? { [name]: found.version } : {})
  return {
    at: new Date().toISOString(),
    machine,
    versions: {
      gatehouse: `${versionIn('../../package.json')}${commit()}`,
      node: process.version.slice(1),
      aedes: versionIn('../../node_modules/aedes/package.json'),
      influx: versionIn('../../node_modules/influx/package.json'),
      InfluxDB:
        /v?(\d+\.\d+\.\d+\S*)/.exec(execFileSync('influxd', ['version'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
      ...peer('mosquitto', peers.mosquitto),
      ...peer('Node-RED', peers.nodeRed),
    },
    command,
  }
}

const versionIn = (file: string): string =>
  (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }).version

/** Which state of the code; nothing outside a git checkout. */
function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const changed = git('status', '--porcelain', '--', '../../gateway').trim() === '' ? '' : ' and changes'
    return ` (${git('rev-parse', '--short', 'HEAD').trim()}${changed})`
  } catch {
    return ''
  }
}

/** One line for each distinct way in which the parts were measured; usually there is one. */
export function provenance(book: Book): string[] {
  const runs = new Map<string, { run: Run; parts: string[] }>()
  for (const [part, run] of Object.entries(book)) {
    const key = JSON.stringify([run.at.slice(0, 10), run.machine, run.versions, run.command])
    const same = runs.get(key)
    if (same === undefined) runs.set(key, { run, parts: [part] })
    else same.parts.push(part)
  }
  return [...runs.values()].map(({ run, parts }) => {
    const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`)
    const which = runs.size === 1 ? '' : `${parts.join(', ')}: `
    return `${which}\`${run.command}\`, ${run.at.slice(0, 10)}; ${run.machine}; ${versions.join(', ')}`
  })
}

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { secretOf } from '../helpers/registry.ts'

/** The devices that a benchmark's load and presses use. */
export const benchDevice = (index: number) => ({ site: 'bench', device: `bench-${index}` })
export const benchButton = (index: number) => ({ site: 'bench', device: `button-${index}` })
export const loadDevices = 50
export const buttons = 100

const hashOf = (device: string) => `sha256:${createHash('sha256').update(secretOf(device)).digest('hex')}`

/** Of a benchmark that failed or was interrupted: a journal of ten million entries must not stay in /tmp. */
const left = new Set<string>()
process.once('exit', () => {
  for (const dir of left) rmSync(dir, { recursive: true, force: true })
})

export function benchDirectory(devices = loadDevices): { dir: string; registry: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const registry = join(dir, 'registry.yaml')
  const device = (address: { site: string; device: string }, kind: string) => ({
    id: address.device,
    site: address.site,
    kind,
    secretHash: hashOf(address.device),
  })
  writeFileSync(
    registry,
    // As `npm run registry` writes them: other forms need the whole YAML parser, which takes 2 s for 10,000 devices.
    stringify(
      {
        version: 1,
        sites: [{ id: 'bench', name: '基准小学', kind: 'school', responseMinutes: 3 }],
        devices: [
          ...Array.from({ length: devices }, (_, index) => device(benchDevice(index), 'access-controller')),
          ...Array.from({ length: buttons }, (_, index) => device(benchButton(index), 'panic-button')),
        ],
      },
      { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
    ),
  )
  left.add(dir)
  const remove = () => {
    rmSync(dir, { recursive: true, force: true })
    left.delete(dir)
  }
  return { dir, registry, remove }
}

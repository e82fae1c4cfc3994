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
    stringify({
      version: 1,
      sites: [{ id: 'bench', name: '基准小学', kind: 'school', responseMinutes: 3 }],
      devices: [
        ...Array.from({ length: devices }, (_, index) => device(benchDevice(index), 'access-controller')),
        ...Array.from({ length: buttons }, (_, index) => device(benchButton(index), 'panic-button')),
      ],
    }),
  )
  return { dir, registry, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

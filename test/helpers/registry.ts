import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { RegistryFile } from '../../schemas/registry.ts'

/** A small registry for a test: one school with `buttons` panic buttons, one compound with a gate. */
export const secretOf = (device: string): string => `secret-of-${device}`
const hashOf = (id: string) => `sha256:${createHash('sha256').update(secretOf(id)).digest('hex')}`

export const school = 'school-01'
export const compound = 'compound-01'
export const button = (number: number) => ({ site: school, device: `button-${number}` })
export const gate = { site: compound, device: 'gate-1' }
export const monitor = 'engineer'

export function writeRegistry(
  dir: string,
  options: {
    buttons?: number
    endpoints?: RegistryFile['endpoints']
    deadlines?: RegistryFile['deadlines']
    /** Ids of buttons. */
    disabled?: string[]
  } = {},
): string {
  const buttons = Array.from({ length: options.buttons ?? 4 }, (_, index) => button(index + 1))
  const registry: RegistryFile = {
    version: 1,
    sites: [
      {
        id: school,
        name: '第一小学',
        kind: 'school',
        address: '示范区科技路60号',
        location: { lat: 37.71, lon: 112.56, crs: 'wgs84' },
        responseMinutes: 3,
        contacts: [{ name: '门卫 梁某', phone: '0351-5550000' }],
      },
      { id: compound, name: '绿苑小区', kind: 'compound', responseMinutes: 5, contacts: [] },
    ],
    devices: [
      ...buttons.map(({ site, device }) => ({
        id: device,
        site,
        kind: 'panic-button' as const,
        name: `按钮 ${device}`,
        placement: '门卫室',
        secretHash: hashOf(device),
        ...(options.disabled?.includes(device) && { disabled: true }),
      })),
      {
        id: gate.device,
        site: gate.site,
        kind: 'access-controller',
        name: '东门',
        placement: '东门',
        secretHash: hashOf(gate.device),
      },
    ],
    endpoints: options.endpoints ?? [],
    accounts: [{ id: monitor, role: 'monitor', secretHash: hashOf(monitor) }],
    deadlines: options.deadlines,
  }
  const file = join(dir, 'registry.yaml')
  writeFileSync(file, stringify(registry))
  return file
}

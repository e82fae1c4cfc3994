import { isDeepStrictEqual } from 'node:util'
import type { Registry } from './registry.ts'

/** What one registry has that the one before hadn't, in numbers. */
export type Counts = { added: number; removed: number; changed: number }
export type RegistryChanges = {
  sites: Counts
  /** `disabled`: those that may not connect any more. Counted among `changed` too, where they were there before. */
  devices: Counts & { disabled: number }
  endpoints: Counts
  accounts: Counts
}

export function registryChanges(before: Registry, after: Registry): RegistryChanges {
  const disabled = Array.from(after.devices()).filter(
    ({ id, disabled }) => disabled === true && before.device(id)?.disabled !== true,
  )
  return {
    sites: countsOf(before.sites(), after.sites()),
    devices: { ...countsOf(before.devices(), after.devices()), disabled: disabled.length },
    endpoints: countsOf(before.endpoints, after.endpoints),
    accounts: countsOf(before.accounts(), after.accounts()),
  }
}

function countsOf(before: Iterable<{ id: string }>, after: Iterable<{ id: string }>): Counts {
  const old = new Map(Array.from(before, entry => [entry.id, entry]))
  const counts = { added: 0, removed: 0, changed: 0 }
  for (const entry of after) {
    const was = old.get(entry.id)
    if (was === undefined) counts.added++
    else if (!isSame(was, entry)) counts.changed++
    old.delete(entry.id)
  }
  return { ...counts, removed: old.size }
}

/** Most fields are plain values, and of ten thousand devices each has a few. */
function isSame(one: object, other: object): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every(name => isSameField(at(one, name), at(other, name)))
}
const at = (entry: object, name: string): unknown => (entry as Record<string, unknown>)[name]
const isSameField = (one: unknown, other: unknown): boolean =>
  typeof one === 'object' ? isDeepStrictEqual(one, other) : one === other

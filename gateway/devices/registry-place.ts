import { isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import { idPattern } from '../../schemas/ids.ts'

/** Where in the registry something stands: keys and, in lists, places from 0. */
export type RegistryPath = readonly PropertyKey[]

/** The line of the deepest node on the path that exists. */
export function lineOf(root: unknown, path: RegistryPath, lines: LineCounter): number {
  let node = root
  let offset = (root as Node | null)?.range?.[0] ?? 0
  for (const key of path) {
    const next: unknown = isMap(node)
      ? node.items.find(pair => isScalar(pair.key) && String(pair.key.value) === key)
      : isSeq(node)
        ? node.items[Number(key)]
        : undefined
    if (next === undefined) break
    const pair = next as { key?: Node; value?: unknown; range?: [number, number, number] }
    offset = pair.key?.range?.[0] ?? pair.range?.[0] ?? offset
    node = pair.key === undefined ? next : pair.value
  }
  return lines.linePos(offset).line
}

/** `devices: school-01-button-01: kind`: an entry of a list by its id or, where it has no good one, as `entry 3`. */
export function placeInWords(content: unknown, path: RegistryPath): string {
  return path
    .map((key, index) => {
      if (typeof key !== 'number') return String(key)
      const id = (valueAt(content, path.slice(0, index + 1)) as { id?: unknown } | null | undefined)?.id
      return typeof id === 'string' && idPattern.test(id) ? id : `entry ${key + 1}`
    })
    .join(': ')
}

export function valueAt(content: unknown, path: RegistryPath): unknown {
  let value = content
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

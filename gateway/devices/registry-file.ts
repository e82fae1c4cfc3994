import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { RegistryFile } from '../../schemas/registry.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { Registry } from './registry.ts'

/**
 * Reads and checks the registry file (contract 7). A file with any mistake is refused whole: ConfigError names every
 * mistake with its line. `warnings`: what is accepted and should not stay.
 */
export function readRegistry(file: string): { registry: Registry; warnings: string[] } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([
      `GATEHOUSE_REGISTRY: ${file} can't be read (${messageOf(error)}); npm run sim -- registry makes one to try things with`,
    ])
  }
  return parseRegistry(text, file)
}

export function parseRegistry(text: string, file: string): { registry: Registry; warnings: string[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const at = (path: readonly PropertyKey[]) => `${file}:${lineOf(document.contents, path, lines)}`
  if (document.errors.length > 0)
    throw new ConfigError(
      document.errors.map(error => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`),
    )

  const parsed = RegistryFile.safeParse(document.toJS() ?? {})
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues.map(issue => `${at(issue.path)}: ${issue.path.join('.')}: ${issue.message}`),
    )

  const mistakes: string[] = []
  const warnings: string[] = []
  const { sites, devices, endpoints, accounts } = parsed.data
  const siteIds = new Set(sites.map(site => site.id))
  for (const [list, entries] of Object.entries({ sites, devices, endpoints, accounts })) {
    const seen = new Set<string>()
    for (const [index, { id }] of entries.entries()) {
      if (seen.has(id)) mistakes.push(`${at([list, index, 'id'])}: ${list}: ${id} is there twice; ids are unique`)
      seen.add(id)
    }
  }
  const deviceIds = new Set(devices.map(device => device.id))
  for (const [index, account] of accounts.entries())
    if (deviceIds.has(account.id))
      mistakes.push(
        `${at(['accounts', index, 'id'])}: accounts: ${account.id} is a device's id too; give the account another`,
      )
  for (const [index, device] of devices.entries())
    if (!siteIds.has(device.site))
      mistakes.push(
        `${at(['devices', index, 'site'])}: devices: ${device.id} stands at site ${device.site}, which is not among the sites`,
      )
  for (const [list, entries] of Object.entries({ devices, accounts }))
    for (const [index, { id, secret, secretHash }] of entries.entries()) {
      if (secret === undefined && secretHash === undefined)
        mistakes.push(`${at([list, index])}: ${list}: ${id} has no secretHash; npm run registry -- secret makes one`)
      if (secret !== undefined && secretHash !== undefined)
        mistakes.push(`${at([list, index])}: ${list}: ${id} has both secret and secretHash; keep secretHash`)
      if (secret !== undefined)
        warnings.push(
          `${at([list, index, 'secret'])}: ${list}: ${id} has its secret in clear; keep its secretHash instead`,
        )
    }
  for (const [index, { id, secret, secretEnv }] of endpoints.entries()) {
    if ((secret === undefined) === (secretEnv === undefined))
      mistakes.push(
        `${at(['endpoints', index])}: endpoints: ${id} needs one of secretEnv (or, for development, secret)`,
      )
    if (secret !== undefined)
      warnings.push(`${at(['endpoints', index, 'secret'])}: endpoints: ${id} has its secret in clear; use secretEnv`)
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return { registry: new Registry(parsed.data), warnings }
}

/** The line of the deepest node on the path that exists. */
function lineOf(root: unknown, path: readonly PropertyKey[], lines: LineCounter): number {
  let node = root
  let offset = (root as Node | null)?.range?.[0] ?? 0
  for (const key of path) {
    const next: unknown = isMap(node)
      ? node.items.find(pair => isScalar(pair.key) && pair.key.value === key)
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

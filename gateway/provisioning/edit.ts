import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { Refusal, UsageError } from './arguments.ts'
import type { Fields } from './in-line.ts'
import { type List, RegistryText } from './registry-text.ts'
import { createSecretFile, replaceFile } from './replace-file.ts'

/** What a command does to the registry: all of it, or, where anything is wrong, nothing. */
export type Made = { id: string; secret: string }

/**
 * `change` says what is to be different and returns the secrets that it made. They are on disk, where they are to be, before
 * the registry is: one that was lost would lock its device out.
 */
export function edit(file: string, change: (registry: RegistryText) => Made[], secretsFile?: string): Made[] {
  const text = readText(file)
  const registry = new RegistryText(text, file)
  const made = change(registry)
  const result = registry.result()
  if (result === text) return made
  if (secretsFile !== undefined && made.length > 0) createSecretFile(secretsFile, asCsv(made))
  replaceFile(file, result, text)
  return made
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Refusal([
      `${file} can't be read (${messageOf(error)}); --file names another, and a file with the line "version: 1" is an empty registry`,
    ])
  }
}

export const asCsv = (made: readonly Made[]): string =>
  `id,secret\n${made.map(({ id, secret }) => `${id},${secret}\n`).join('')}`

/** Once, to whoever asked: no copy is kept. */
export function show(made: readonly Made[], secretsFile: string | undefined, say: (line: string) => void): void {
  if (made.length === 0) return
  if (secretsFile !== undefined)
    say(`${made.length} secrets: ${secretsFile} (mode 0600); delete it once they are in the devices`)
  else if (made.length === 1) say(`secret of ${made[0]?.id}: ${made[0]?.secret}   (not kept and not shown again)`)
  else say(asCsv(made).trimEnd())
}

/** Devices and accounts by their ids, and all devices of a site. */
export function chosen(registry: RegistryText, ids: readonly string[], site: string | undefined): Chosen[] {
  if (ids.length === 0 && site === undefined) throw new UsageError('whose? Name ids, or a site with --site')
  if (site !== undefined && registry.find('sites', site) === undefined) throw new UsageError(`there is no site ${site}`)
  const named = [...new Set(ids)].map(id => {
    const list = (['devices', 'accounts'] as const).find(one => registry.find(one, id) !== undefined)
    if (list === undefined) throw new UsageError(`there is no device or account ${id}`)
    return { list, id, fields: registry.find(list, id) as Fields }
  })
  const others = registry
    .entries('devices')
    .filter(fields => site !== undefined && fields.site === site && !ids.includes(fields.id as string))
    .map(fields => ({ list: 'devices' as const, id: fields.id as string, fields }))
  return [...named, ...others]
}
export type Chosen = { list: Extract<List, 'devices' | 'accounts'>; id: string; fields: Fields }

export const takenOver = 'A running gateway takes it over on SIGHUP or POST /api/v1/registry/reload.'

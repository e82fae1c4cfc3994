import { idPattern } from '../../schemas/ids.ts'
import { placeInWords, type RegistryPath } from './registry-place.ts'

/**
 * What no single field shows: ids that are there twice, sites that aren't there, secrets. On the file's content as it
 * stands, so that a mistake of form in one place hides none of these in another.
 */
type Found = { path: RegistryPath; text: string }
type Entry = { path: RegistryPath; place: string; id: string | undefined; fields: Record<string, unknown> }

export function crossCheck(content: unknown): { mistakes: Found[]; warnings: Found[] } {
  const [sites, devices, endpoints, accounts] = ['sites', 'devices', 'endpoints', 'accounts'].map(list =>
    entriesOf(content, list),
  ) as [Entry[], Entry[], Entry[], Entry[]]
  const mistakes = [
    ...[sites, devices, endpoints, accounts].flatMap(twice),
    ...accountsNamedLikeDevices(accounts, devices),
    ...devicesWithoutSite(devices, sites),
    ...[...devices, ...accounts].flatMap(loginMistakes),
    ...endpoints.filter(({ fields }) => has(fields, 'secret') === has(fields, 'secretEnv')).map(endpointMistake),
  ]
  const clear = (entries: Entry[], mend: string) =>
    entries
      .filter(({ fields }) => has(fields, 'secret'))
      .map(({ path, place }) => ({ path: [...path, 'secret'], text: `${place} has its secret in clear; ${mend}` }))
  const warnings = [
    ...clear([...devices, ...accounts], 'keep its secretHash instead'),
    ...clear(endpoints, 'use secretEnv'),
  ]
  return { mistakes, warnings }
}

function entriesOf(content: unknown, list: string): Entry[] {
  const entries = (content as Record<string, unknown>)[list]
  if (!Array.isArray(entries)) return []
  return entries.flatMap((fields: unknown, index) => {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return []
    const path = [list, index]
    const { id } = fields as { id?: unknown }
    const place = placeInWords(content, path)
    return [{ path, place, id: typeof id === 'string' ? id : undefined, fields: fields as Entry['fields'] }]
  })
}

const has = (fields: Entry['fields'], name: string): boolean => fields[name] !== undefined

function twice(entries: Entry[]): Found[] {
  const seen = new Set<string>()
  return entries.flatMap(({ path, place, id }) => {
    if (id === undefined) return []
    if (seen.has(id)) return [{ path: [...path, 'id'], text: `${place} is there twice; ids are unique` }]
    seen.add(id)
    return []
  })
}

function accountsNamedLikeDevices(accounts: Entry[], devices: Entry[]): Found[] {
  const ids = new Set(devices.map(({ id }) => id))
  return accounts
    .filter(({ id }) => id !== undefined && ids.has(id))
    .map(({ path, place }) => ({
      path: [...path, 'id'],
      text: `${place} is a device's id too; give the account another`,
    }))
}

function devicesWithoutSite(devices: Entry[], sites: Entry[]): Found[] {
  const ids = new Set<unknown>(sites.map(({ id }) => id))
  return devices.flatMap(({ path, place, fields: { site } }) =>
    // What is no id at all is a mistake of form, told already.
    typeof site === 'string' && idPattern.test(site) && !ids.has(site)
      ? [{ path: [...path, 'site'], text: `${place} stands at site ${site}, which is not among the sites` }]
      : [],
  )
}

function loginMistakes({ path, place, fields }: Entry): Found[] {
  const [inClear, hashed] = [has(fields, 'secret'), has(fields, 'secretHash')]
  if (has(fields, 'previousSecretHash') && !hashed)
    return [
      { path: [...path, 'previousSecretHash'], text: `${place} has a previousSecretHash without a secretHash; add it` },
    ]
  if (!inClear && !hashed) return [{ path, text: `${place} has no secretHash; npm run registry -- secret makes one` }]
  return inClear && hashed ? [{ path, text: `${place} has both secret and secretHash; keep secretHash` }] : []
}

const endpointMistake = ({ path, place, fields }: Entry): Found => ({
  path,
  text: has(fields, 'secret')
    ? `${place} has both secret and secretEnv; keep secretEnv`
    : `${place} needs one of secretEnv (or, for development, secret)`,
})

import type { z } from 'zod'
import { Account, Device, deviceKinds, Site, siteKinds } from '../../schemas/registry.ts'
import { mistakeOf } from '../devices/registry-reason.ts'
import { type Command, numberOf, onlyOne, Refusal, readArguments, type Surroundings, UsageError } from './arguments.ts'
import { edit, show, takenOver } from './edit.ts'
import type { Fields } from './in-line.ts'
import type { List } from './registry-text.ts'
import { makeSecret } from './secret.ts'

/** `add-site`, `add-device`, `add-account`. */
const siteHelp = `npm run registry -- add-site ID --name NAME --kind KIND [options]

  --kind KIND              ${siteKinds.join(', ')}
  --address TEXT
  --lat NUMBER --lon NUMBER [--crs wgs84|gcj02]
  --response-minutes N     1, 3 or 5 (default: 3)
  --contact "NAME PHONE"   several times for several
  --self-test              a test alarm is expected from it each day`

const deviceHelp = `npm run registry -- add-device ID --site SITE --kind KIND [options]

Makes its secret and shows it once; the registry keeps the hash.

  --kind KIND          ${deviceKinds.join(', ')}
  --name TEXT  --placement TEXT
  --external-id TEXT   the police platform's, 20 digits of GB/T 28181
  --secrets FILE       write the secret there (a new file, mode 0600) instead of showing it`

const accountHelp = `npm run registry -- add-account ID [--role monitor] [--secrets FILE]

An MQTT account that may watch and publish nothing. Makes its secret and shows it once.`

export const addSite: Command = {
  summary: 'a site',
  help: siteHelp,
  run(argv, around) {
    const given = readArguments(argv, {
      id: { type: 'string' },
      name: { type: 'string' },
      kind: { type: 'string' },
      address: { type: 'string' },
      lat: { type: 'string' },
      lon: { type: 'string' },
      crs: { type: 'string' },
      'response-minutes': { type: 'string' },
      contact: { type: 'string', multiple: true },
      'self-test': { type: 'boolean' },
    })
    if (given === undefined) return around.say(siteHelp)
    const { values, positionals } = given
    const [lat, lon] = [numberOf(values.lat, '--lat'), numberOf(values.lon, '--lon')]
    const site = {
      id: onlyOne(named(positionals, values.id), 'id of a site'),
      name: values.name,
      kind: values.kind,
      address: values.address,
      location: lat === undefined && lon === undefined ? undefined : { lat, lon, crs: values.crs ?? 'wgs84' },
      responseMinutes: numberOf(values['response-minutes'], '--response-minutes'),
      contacts: values.contact?.map(contactOf),
      selfTest: values['self-test'],
    }
    add(around, values.file, 'sites', Site, site)
  },
}

export const addDevice: Command = {
  summary: 'a device, and its secret',
  help: deviceHelp,
  run(argv, around) {
    const given = readArguments(argv, {
      id: { type: 'string' },
      site: { type: 'string' },
      kind: { type: 'string' },
      name: { type: 'string' },
      placement: { type: 'string' },
      'external-id': { type: 'string' },
      secrets: { type: 'string' },
    })
    if (given === undefined) return around.say(deviceHelp)
    const { values, positionals } = given
    const { site, kind, name, placement } = values
    const id = onlyOne(named(positionals, values.id), 'id of a device')
    add(
      around,
      values.file,
      'devices',
      Device,
      { id, site, kind, name, placement, externalId: values['external-id'] },
      values,
    )
  },
}

export const addAccount: Command = {
  summary: 'an account that may watch, and its secret',
  help: accountHelp,
  run(argv, around) {
    const given = readArguments(argv, {
      id: { type: 'string' },
      role: { type: 'string', default: 'monitor' },
      secrets: { type: 'string' },
    })
    if (given === undefined) return around.say(accountHelp)
    const { values, positionals } = given
    const id = onlyOne(named(positionals, values.id), 'id of an account')
    add(around, values.file, 'accounts', Account, { id, role: values.role }, values)
  },
}

const named = (positionals: readonly string[], id: string | undefined): string[] => [
  ...(id === undefined ? [] : [id]),
  ...positionals,
]

/** `梁某 0351-5550000`: the last word is the phone. */
export function contactOf(text: string): { name: string; phone: string } {
  const [, name, phone] = /^\s*(.*\S)\s+(\S+)\s*$/.exec(text) ?? []
  if (name === undefined || phone === undefined) throw new UsageError('a contact is a name, a space and a phone')
  return { name, phone }
}

function add(
  around: Surroundings,
  file = around.registryFile,
  list: List,
  schema: z.ZodObject,
  entry: Fields & { id: string },
  { secrets }: { secrets?: string | undefined } = {},
): void {
  const { id } = entry
  const made = edit(
    file,
    registry => {
      const mistakes = mistakesOf(schema, entry, list)
      for (const other of ['sites', 'devices', 'accounts'] as const)
        if (registry.find(other, id) !== undefined && (other === list || (other !== 'sites' && list !== 'sites')))
          mistakes.push(`${other}: ${id} is there already`)
      if (list === 'devices' && typeof entry.site === 'string' && registry.find('sites', entry.site) === undefined)
        mistakes.push(`there is no site ${entry.site}; add-site makes one`)
      if (mistakes.length > 0) throw new Refusal(mistakes)
      if (list === 'sites') {
        registry.add(list, entry)
        return []
      }
      const { secret, hash } = makeSecret()
      registry.add(list, { ...entry, secretHash: hash })
      return [{ id, secret }]
    },
    secrets,
  )
  around.say(`${file}: ${list}: ${id} is added. ${takenOver}`)
  show(made, secrets, around.say)
}

export const mistakesOf = (schema: z.ZodObject, entry: Fields, list: string): string[] =>
  (schema.safeParse(entry).error?.issues ?? []).map(
    issue => `${list}: ${entry.id}: ${issue.path.join(': ')}: ${mistakeOf(issue, entry)}`,
  )

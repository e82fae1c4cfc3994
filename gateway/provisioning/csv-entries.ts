import type { z } from 'zod'
import { Device, Site } from '../../schemas/registry.ts'
import { mistakeOf } from '../devices/registry-reason.ts'
import type { Row } from './csv.ts'
import type { Fields } from './in-line.ts'

/** Rows of a CSV as entries of the registry. The header says which column is what; a cell that is empty says nothing. */
export type Read = { list: 'sites' | 'devices'; line: number; id: string; fields: Fields }

type Cell = (text: string, fields: Fields) => string | undefined
const as =
  (name: string): Cell =>
  (text, fields) => {
    fields[name] = text
    return undefined
  }
const asNumber =
  (put: (value: number, fields: Fields) => void): Cell =>
  (text, fields) => {
    const value = Number(text)
    if (!Number.isFinite(value)) return 'must be a number'
    put(value, fields)
    return undefined
  }
const asSwitch =
  (name: string): Cell =>
  (text, fields) => {
    if (!/^(true|yes|1|false|no|0)$/i.test(text)) return 'must be true or false'
    if (/^(true|yes|1)$/i.test(text)) fields[name] = true
    return undefined
  }
const inLocation = (name: string) =>
  asNumber((value, fields) => {
    fields.location = { ...(fields.location as Fields | undefined), [name]: value }
  })

const columns: Record<Read['list'], Record<string, Cell>> = {
  sites: {
    id: as('id'),
    name: as('name'),
    kind: as('kind'),
    address: as('address'),
    lat: inLocation('lat'),
    lon: inLocation('lon'),
    crs: (text, fields) => {
      fields.location = { ...(fields.location as Fields | undefined), crs: text }
      return undefined
    },
    responseMinutes: asNumber((value, fields) => {
      fields.responseMinutes = value
    }),
    contacts: (text, fields) => {
      const contacts = text.split(/[;；]/).map(part => /^\s*(.*\S)\s+(\S+)\s*$/.exec(part))
      if (contacts.includes(null)) return 'must be NAME PHONE; NAME PHONE; …'
      fields.contacts = contacts.map(found => ({ name: found?.[1], phone: found?.[2] }))
      return undefined
    },
    selfTest: asSwitch('selfTest'),
  },
  devices: {
    id: as('id'),
    site: as('site'),
    kind: as('kind'),
    name: as('name'),
    placement: as('placement'),
    externalId: as('externalId'),
    secretHash: as('secretHash'),
    disabled: asSwitch('disabled'),
  },
}
const schemas: Record<Read['list'], z.ZodObject> = { sites: Site, devices: Device }
export const columnsInWords = `sites: ${Object.keys(columns.sites).join(', ')}; devices: ${Object.keys(columns.devices).join(', ')}`

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '')
/** `type` says for each row which of both it is. */
const typeColumn = 'type'

/** `file` begins each mistake, with its line. */
export function entriesOf([header, ...rows]: readonly Row[], file: string): { entries: Read[]; mistakes: string[] } {
  if (header === undefined) return { entries: [], mistakes: [`${file}:1: is empty; its first line names the columns`] }
  const names = header.cells.map(plain)
  const mistakes = mistakesInHeader(header, names, file)
  if (mistakes.length > 0) return { entries: [], mistakes }
  const ofAll = names.includes('site') ? 'devices' : 'sites'
  const entries: Read[] = []
  for (const { line, cells } of rows) {
    const mistake = (text: string) => void mistakes.push(`${file}:${line}: ${text}`)
    const type = plain(cells[names.indexOf(typeColumn)] ?? '').replace(/s$/, '')
    if (names.includes(typeColumn) && type !== 'site' && type !== 'device') {
      mistake('type: must be site or device')
      continue
    }
    const list = type === '' ? ofAll : type === 'site' ? 'sites' : 'devices'
    if (cells.length > names.length) {
      mistake(`has ${cells.length} cells, and the header ${names.length}; a comma in a text needs quotes around it`)
      continue
    }
    const { fields, wrong } = readRow(list, names, cells)
    const issues = schemas[list].safeParse(fields).error?.issues ?? []
    const untold = issues.filter(({ path }) => !wrong.some(({ name }) => path.includes(name)))
    const place = typeof fields.id === 'string' ? `${fields.id}: ` : ''
    for (const { name, text } of wrong) mistake(`${place}${name}: ${text}`)
    for (const issue of untold) mistake(`${place}${issue.path.join(': ')}: ${mistakeOf(issue, fields)}`)
    if (wrong.length === 0 && issues.length === 0) entries.push({ list, line, id: fields.id as string, fields })
  }
  return { entries, mistakes }
}

function mistakesInHeader({ line, cells }: Row, names: readonly string[], file: string): string[] {
  const known = new Set([typeColumn, ...Object.keys(columns.sites), ...Object.keys(columns.devices)].map(plain))
  const mistakes = cells
    .filter((_, index) => !known.has(names[index] as string))
    .map(name => `column ${JSON.stringify(name.slice(0, 40))} is not known; known are ${columnsInWords}`)
  const twice = cells.filter((_, index) => names.indexOf(names[index] as string) !== index)
  mistakes.push(...twice.map(name => `column ${name} is there twice`))
  if (!names.includes('id')) mistakes.push('column id is missing')
  return mistakes.map(text => `${file}:${line}: ${text}`)
}

function readRow(list: Read['list'], names: readonly string[], cells: readonly string[]) {
  const fields: Fields = {}
  const wrong: { name: string; text: string }[] = []
  const known = new Map(Object.entries(columns[list]).map(([name, cell]) => [plain(name), { name, cell }]))
  for (const [index, text] of cells.entries()) {
    const column = known.get(names[index] as string)
    if (text === '' || names[index] === typeColumn) continue
    const mistake = column === undefined ? `is no column of ${list}; leave the cell empty` : column.cell(text, fields)
    if (mistake !== undefined) wrong.push({ name: column?.name ?? (names[index] as string), text: mistake })
  }
  return { fields, wrong }
}

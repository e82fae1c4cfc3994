import type { Document } from './documents.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

/** A phrase of the schemas or of this file in the page's language. */
export type Say = (phrase: string) => string
export const inEnglish: Say = phrase => phrase

/** README sections of MQTT payloads: topic, a table of fields, an example. Generated, so that they cannot drift. */
export function payloadSection(document: Document, example: string, say: Say): string {
  const headings = ['field', 'required', 'form', 'meaning'].map(say)
  return [
    `### ${say(document.title)}: \`${document.name}\``,
    `${say(document.description)} ${say('Topic')} \`${document.topic}\`, [JSON Schema](json/${document.name}.schema.json).`,
    table([headings, ...fieldRows(jsonSchemaOf(document), '', say)]),
    `\`\`\`json\n${example}\`\`\``,
  ].join('\n\n')
}

/** Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. Throws where the marks are missing. */
export function replaceSection(markdown: string, name: string, section: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const [from, to] = [markdown.indexOf(begin), markdown.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`the page lacks "${begin}" … "${end}"`)
  return `${markdown.slice(0, from + begin.length)}\n${section}\n${markdown.slice(to)}`
}

/** Columns as wide as their widest cell, as Biome formats Markdown. The first row is the heading. */
function table([heading, ...rows]: [string[], ...string[][]]): string {
  const widths = heading.map((_, column) => Math.max(3, ...[heading, ...rows].map(row => (row[column] ?? '').length)))
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(heading), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** "required" is meant inside the object that holds the field. */
function fieldRows(schema: JsonSchema, prefix: string, say: Say): string[][] {
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const field = property as JsonSchema
    const name = prefix + key
    const row = [`\`${name}\``, required.has(key) ? say('yes') : '', form(field, say), say(field.description ?? '')]
    return [row, ...fieldRows(field, `${name}.`, say)]
  })
}

function form(schema: JsonSchema, say: Say): string {
  if (schema.anyOf) return (schema.anyOf as JsonSchema[]).map(one => form(one, say)).join(say(' or '))
  if (Array.isArray(schema.type)) return schema.type.map(type => form({ type }, say)).join(say(' or '))
  if (schema.enum) return schema.enum.map(value => `\`${value}\``).join(' ')
  if (schema.format === 'date-time') return say('RFC 3339 time with offset')
  if (schema.type === 'string') return textForm(schema, say)
  if (schema.type === 'number') return `${say('number')}${range(schema.minimum, schema.maximum)}`
  if (schema.type === 'integer') return `${say('whole number')}${range(schema.minimum, schema.maximum)}`
  if (schema.type === 'boolean') return '`true` `false`'
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    const { type } = schema.additionalProperties as JsonSchema
    return `${say(`object of ${type}s`)},${range(schema.minProperties, schema.maxProperties)} ${say('of them')}`
  }
  return say(String(schema.type))
}

function textForm(schema: JsonSchema, say: Say): string {
  if (schema.maxLength !== undefined)
    return `${say('text')},${range(schema.minLength, schema.maxLength)} ${say('characters')}`
  return schema.pattern === undefined ? say('text') : `${say('text like')} \`${schema.pattern.replaceAll('|', '\\|')}\``
}

/** With a space before it; empty where there is no bound but what a double can hold exactly. */
function range(min?: number, max?: number): string {
  const low = min === undefined || min === Number.MIN_SAFE_INTEGER ? undefined : min
  const high = max === undefined || max === Number.MAX_SAFE_INTEGER ? undefined : max
  if (low !== undefined && high !== undefined) return ` ${low}–${high}`
  if (low !== undefined) return ` ≥ ${low}`
  return high === undefined ? '' : ` ≤ ${high}`
}

import type { Document } from './documents.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

/** README sections of MQTT payloads: topic, a table of fields, an example. Generated, so that they cannot drift. */
export function payloadSection(document: Document, example: string): string {
  return [
    `### ${document.title}: \`${document.name}\``,
    `${document.description} Topic \`${document.topic}\`, [JSON Schema](json/${document.name}.schema.json).`,
    table([['field', 'required', 'form', 'meaning'], ...fieldRows(jsonSchemaOf(document), '')]),
    `\`\`\`json\n${example}\`\`\``,
  ].join('\n\n')
}

/** Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. Throws where the marks are missing. */
export function replaceSection(markdown: string, name: string, section: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`]
  const [from, to] = [markdown.indexOf(begin), markdown.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`schemas/README.md lacks "${begin}" … "${end}"`)
  return `${markdown.slice(0, from + begin.length)}\n${section}\n${markdown.slice(to)}`
}

/** Columns as wide as their widest cell, as Biome formats Markdown. The first row is the heading. */
function table([heading, ...rows]: [string[], ...string[][]]): string {
  const widths = heading.map((_, column) => Math.max(3, ...[heading, ...rows].map(row => (row[column] ?? '').length)))
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(heading), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** "required" is meant inside the object that holds the field. */
function fieldRows(schema: JsonSchema, prefix: string): string[][] {
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const field = property as JsonSchema
    const name = prefix + key
    const row = [`\`${name}\``, required.has(key) ? 'yes' : '', form(field), field.description ?? '']
    return [row, ...fieldRows(field, `${name}.`)]
  })
}

function form(schema: JsonSchema): string {
  if (schema.anyOf) return (schema.anyOf as JsonSchema[]).map(form).join(' or ')
  if (schema.enum) return schema.enum.map(value => `\`${value}\``).join(' ')
  if (schema.format === 'date-time') return 'RFC 3339 time with offset'
  if (schema.type === 'string') return textForm(schema)
  if (schema.type === 'number') return `number${range(schema.minimum, schema.maximum)}`
  if (schema.type === 'integer') return `whole number${range(schema.minimum, schema.maximum)}`
  if (schema.type === 'boolean') return '`true` `false`'
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object')
    return `object of ${form(schema.additionalProperties as JsonSchema)}s,${range(schema.minProperties, schema.maxProperties)} of them`
  return String(schema.type)
}

function textForm(schema: JsonSchema): string {
  if (schema.maxLength !== undefined) return `text,${range(schema.minLength, schema.maxLength)} characters`
  return schema.pattern === undefined ? 'text' : `text like \`${schema.pattern.replaceAll('|', '\\|')}\``
}

/** With a space before it; empty where there is no bound but what a double can hold exactly. */
function range(min?: number, max?: number): string {
  const low = min === undefined || min === Number.MIN_SAFE_INTEGER ? undefined : min
  const high = max === undefined || max === Number.MAX_SAFE_INTEGER ? undefined : max
  if (low !== undefined && high !== undefined) return ` ${low}–${high}`
  if (low !== undefined) return ` ≥ ${low}`
  return high === undefined ? '' : ` ≤ ${high}`
}

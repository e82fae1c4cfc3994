import { z } from 'zod'
import type { Document } from './documents.ts'

export type JsonSchema = z.core.JSONSchema.JSONSchema

/** The printed form of one document: JSON Schema, draft 2020-12, with `$id`, title and description first. */
export function jsonSchemaOf({ name, title, description, schema, io }: Document): JsonSchema {
  const {
    $schema,
    title: _title,
    description: _description,
    ...body
  } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    reused: 'inline',
    // Unknown fields are ignored (contract 3) in both directions, so that either side may grow.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  return { $schema, $id: `urn:gatehouse:v1:${name}`, title, description, ...body } as JsonSchema
}

const lineWidth = 120

/** JSON text as Biome formats it: objects open, an array on one line where it fits, a line break at the end. */
export const formatJson = (value: unknown): string => `${format(value, '', 0)}\n`

/** `beside`: characters on the value's line before and after it, the indent aside. */
function format(value: unknown, indent: string, beside: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const line = `[${value.map(item => JSON.stringify(item)).join(', ')}]`
    if (value.every(isScalar) && indent.length + beside + line.length <= lineWidth) return line
    return `[\n${value.map(item => inner + format(item, inner, 1)).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const lines = entries.map(([key, item], index) => {
    const head = `${JSON.stringify(key)}: `
    const comma = index < entries.length - 1 ? 1 : 0
    return inner + head + format(item, inner, head.length + comma)
  })
  return `{\n${lines.join(',\n')}\n${indent}}`
}

const isScalar = (value: unknown) => typeof value !== 'object' || value === null

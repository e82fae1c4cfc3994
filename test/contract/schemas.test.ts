import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inChinese } from '../../schemas/chinese.ts'
import { documents } from '../../schemas/documents.ts'
import { jsonSchemaOf } from '../../schemas/json-schema.ts'
import { printedFiles, staleFiles } from '../../schemas/print.ts'
import { bad, exceptions, good } from './schemas-table.ts'

const folder = `${import.meta.dirname}/../../schemas`
const read = (path: string) => readFileSync(`${folder}/${path}`, 'utf8')

// What stands on disk is tested, as a device maker's validator reads it: `format` is a remark in draft 2020-12.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
const printed = new Map(documents.map(({ name }) => [name, ajv.compile(JSON.parse(read(`json/${name}.schema.json`)))]))
const byZod = (name: string, value: unknown) =>
  documents.find(document => document.name === name)!.schema.safeParse(value).success
const byAjv = (name: string, value: unknown) => printed.get(name)!(value)

describe('the printed files', () => {
  test('are what the schemas print', () => {
    expect(staleFiles(printedFiles())).toEqual([])
  })

  test('npm run schemas -- --check agrees', () => {
    const output = execFileSync(process.execPath, [`${folder}/print.ts`, '--check'], { encoding: 'utf8' })
    expect(output).toBe('')
  }, 20_000)

  test('a text that differs and a file that nothing prints are stale', () => {
    const files = printedFiles()
    files.set('json/access.schema.json', `${files.get('json/access.schema.json')} `)
    files.delete('json/face.schema.json')
    expect(staleFiles(files)).toEqual(['json/access.schema.json', 'json/face.schema.json'])
  })

  test('a phrase that nobody has put into Chinese stops the print', () => {
    expect(inChinese('Status')).toBe('状态')
    expect(() => inChinese('A field that is new')).toThrow('A field that is new')
  })

  test.each(documents)('$name says who it is', document => {
    const schema = jsonSchemaOf(document)
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema.$id).toBe(`urn:gatehouse:v1:${document.name}`)
    expect([schema.title, schema.description]).toEqual([document.title, document.description])
  })

  test('every payload that a device may send is printed', () => {
    const names = documents.filter(({ io, topic }) => io === 'input' && topic !== undefined).map(({ name }) => name)
    expect(names).toEqual(['access', 'face', 'vehicle', 'alarm', 'telemetry', 'heartbeat', 'status'])
  })
})

describe('the examples', () => {
  test('there is one of each document and none beside', () => {
    expect(readdirSync(`${folder}/examples`).sort()).toEqual(documents.map(({ name }) => `${name}.json`).sort())
  })

  test.each(documents)('$name is taken by zod and by JSON Schema', ({ name }) => {
    const example: unknown = JSON.parse(read(`examples/${name}.json`))
    expect(byZod(name, example)).toBe(true)
    expect(byAjv(name, example), JSON.stringify(printed.get(name)!.errors)).toBe(true)
  })

  test('no field of an example is one that the schema does not know', () => {
    for (const { name, schema } of documents) {
      const example: unknown = JSON.parse(read(`examples/${name}.json`))
      expect(schema.parse(example), name).toEqual(example)
    }
  })
})

describe('zod and the printed JSON Schema judge alike', () => {
  test.each(good)('$kind takes $what', ({ kind, json }) => {
    expect(byZod(kind, JSON.parse(json))).toBe(true)
    expect(byAjv(kind, JSON.parse(json)), JSON.stringify(printed.get(kind)!.errors)).toBe(true)
  })

  test.each(bad)('$kind refuses $what', ({ kind, json }) => {
    expect(byZod(kind, JSON.parse(json))).toBe(false)
    expect(byAjv(kind, JSON.parse(json))).toBe(false)
  })

  // Listed, so that a further difference is a decision and not an accident.
  test.each(exceptions)('except: $kind, $what', ({ kind, json, zod, jsonSchema }) => {
    expect([byZod(kind, JSON.parse(json)), byAjv(kind, JSON.parse(json))]).toEqual([zod, jsonSchema])
  })

  test.each(documents.filter(({ io }) => io === 'input'))('$name, whatever an example is turned into', ({ name }) => {
    const example: unknown = JSON.parse(read(`examples/${name}.json`))
    const paths = pathsOf(example)
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const changed = withValue(example, path, value)
        expect(byAjv(name, changed), JSON.stringify(changed)).toBe(byZod(name, changed))
      }),
      { numRuns: 200 },
    )
  })
})

function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, item]) => pathsOf(item).map(path => [key, ...path]))]
}

function withValue(value: unknown, [key, ...rest]: string[], replacement: unknown): unknown {
  if (key === undefined) return replacement
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = withValue(copy[key], rest, replacement)
  return copy
}

import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import { Endpoint, RegistryFile } from '../../schemas/registry.ts'
import { messageOf } from '../errors.ts'
import { Registry } from './registry.ts'
import { crossCheck } from './registry-checks.ts'
import { unknownFields } from './registry-fields.ts'
import { lineOf, placeInWords, type RegistryPath } from './registry-place.ts'
import { plainContent } from './registry-plain.ts'
import { mistakeOf } from './registry-reason.ts'

/** `mistakes` and `warnings` begin with file and line, and are for a person. */
type Found = {
  /** Those that could be read, mistakes or not, so that the secrets they need can be looked for in the same round. */
  endpoints: readonly Endpoint[]
  mistakes: string[]
  /** What is accepted and should not stay. */
  warnings: string[]
}
/** `registry`: undefined where there is any mistake: such a file is refused whole. */
export type ReadRegistry = Found & { registry: Registry | undefined }
/** The same as plain data, which may cross threads. `content`: as it stands in the file, undefined where it can't be read. */
export type CheckedRegistry = Found & { content: unknown; data: RegistryFile | undefined }

/** Reads and checks the registry file (contract 7). */
export const readRegistry = (file: string): ReadRegistry => registryOf(checkRegistryFile(file))
export const parseRegistry = (text: string, file: string): ReadRegistry => registryOf(checkRegistry(text, file))

export const registryOf = ({ data, endpoints, mistakes, warnings }: CheckedRegistry): ReadRegistry => ({
  registry: data && new Registry(data),
  endpoints,
  mistakes,
  warnings,
})

export function checkRegistryFile(file: string): CheckedRegistry {
  try {
    return checkRegistry(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return refused([
      `GATEHOUSE_REGISTRY: ${file} can't be read (${messageOf(error)}); npm run sim -- registry makes one to try things with`,
    ])
  }
}

/** Quickly where nothing is to be said of it; else once more by the parser, which knows the lines. */
export function checkRegistry(text: string, file: string): CheckedRegistry {
  const content = plainContent(text)
  if (content !== undefined) {
    const { parsed, mistakes, warnings } = check(content)
    if (parsed.success && mistakes.length === 0 && warnings.length === 0)
      return { content, data: parsed.data, endpoints: parsed.data.endpoints, mistakes: [], warnings: [] }
  }
  return checkByLines(text, file)
}

function checkByLines(text: string, file: string): CheckedRegistry {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' })
  const at = (path: RegistryPath) => `${file}:${lineOf(document.contents, path, lines)}`
  const syntax = document.errors.map(error => `${file}:${lines.linePos(error.pos[0]).line}: ${syntaxInWords(error)}`)
  // A key that is there twice leaves the rest readable; behind any other mistake nothing means what it seems to.
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return refused(syntax)
  let content: unknown
  try {
    content = document.toJS() ?? {}
  } catch (error) {
    // An alias without its anchor, or too many of them.
    return refused([...syntax, `${file}: ${messageOf(error)}`])
  }
  const { parsed, ...found } = check(content)
  const told = ({ path, text }: { path: RegistryPath; text: string }) => `${at(path)}: ${text}`
  const mistakes = [...syntax, ...found.mistakes.map(told)]
  return {
    content,
    data: parsed.success && mistakes.length === 0 ? parsed.data : undefined,
    endpoints: parsed.success ? parsed.data.endpoints : readableEndpoints(content),
    mistakes,
    warnings: found.warnings.map(told),
  }
}

function check(content: unknown) {
  const parsed = RegistryFile.safeParse(content)
  const mistakes: { path: RegistryPath; text: string }[] = []
  const seen = new Set<string>()
  for (const issue of parsed.error?.issues ?? []) {
    const place = placeInWords(content, issue.path)
    // One line for each place: what else is wrong with it follows from the first.
    if (!seen.has(place))
      mistakes.push({ path: issue.path, text: `${place}${place && ': '}${mistakeOf(issue, content)}` })
    seen.add(place)
  }
  const crossed = crossCheck(content)
  return {
    parsed,
    mistakes: [...mistakes, ...crossed.mistakes],
    warnings: [...unknownFields(RegistryFile, content), ...crossed.warnings],
  }
}

/** The parser's own words up to what they quote: that may be a phone or a secret. */
const syntaxInWords = ({ code, message }: YAMLParseError): string => {
  const words = message.split(/[:"'`\n]| at line /)[0]?.trim()
  return words || code
}

const refused = (mistakes: string[]): CheckedRegistry => ({
  content: undefined,
  data: undefined,
  endpoints: [],
  mistakes,
  warnings: [],
})

/** With a URL or level that is wrong too: the secret is looked for by id and secretEnv alone. */
function readableEndpoints(content: unknown): Endpoint[] {
  const entries: unknown = (content as { endpoints?: unknown }).endpoints
  if (!Array.isArray(entries)) return []
  return entries.flatMap(entry => {
    const whole = Endpoint.safeParse(entry)
    const named = Endpoint.pick({ id: true, secretEnv: true, secret: true }).safeParse(entry)
    return whole.success ? [whole.data] : named.success ? [{ ...named.data, url: '', level: 0 }] : []
  })
}

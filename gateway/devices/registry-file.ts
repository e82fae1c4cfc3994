import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import { Endpoint, RegistryFile } from '../../schemas/registry.ts'
import { messageOf } from '../errors.ts'
import { Registry } from './registry.ts'
import { crossCheck } from './registry-checks.ts'
import { unknownFields } from './registry-fields.ts'
import { lineOf, placeInWords, type RegistryPath } from './registry-place.ts'
import { mistakeOf } from './registry-reason.ts'

/** `mistakes` and `warnings` begin with file and line, and are for a person. */
export type ReadRegistry = {
  /** undefined where there is any mistake: such a file is refused whole. */
  registry: Registry | undefined
  /** Those that could be read, mistakes or not, so that the secrets they need can be looked for in the same round. */
  endpoints: readonly Endpoint[]
  mistakes: string[]
  /** What is accepted and should not stay. */
  warnings: string[]
}

/** Reads and checks the registry file (contract 7). */
export function readRegistry(file: string): ReadRegistry {
  try {
    return parseRegistry(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return refused([
      `GATEHOUSE_REGISTRY: ${file} can't be read (${messageOf(error)}); npm run sim -- registry makes one to try things with`,
    ])
  }
}

export function parseRegistry(text: string, file: string): ReadRegistry {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' })
  const at = (path: RegistryPath) => `${file}:${lineOf(document.contents, path, lines)}`
  const mistakes = document.errors.map(error => `${file}:${lines.linePos(error.pos[0]).line}: ${syntaxInWords(error)}`)
  // A key that is there twice leaves the rest readable; behind any other mistake nothing means what it seems to.
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return refused(mistakes)
  let content: unknown
  try {
    content = document.toJS() ?? {}
  } catch (error) {
    // An alias without its anchor, or too many of them.
    return refused([...mistakes, `${file}: ${messageOf(error)}`])
  }

  const parsed = RegistryFile.safeParse(content)
  const seen = new Set<string>()
  for (const issue of parsed.error?.issues ?? []) {
    const place = placeInWords(content, issue.path)
    // One line for each place: what else is wrong with it follows from the first.
    if (!seen.has(place)) mistakes.push(`${at(issue.path)}: ${place}${place && ': '}${mistakeOf(issue, content)}`)
    seen.add(place)
  }
  const crossed = crossCheck(content)
  const told = ({ path, text }: { path: RegistryPath; text: string }) => `${at(path)}: ${text}`
  mistakes.push(...crossed.mistakes.map(told))
  return {
    registry: parsed.success && mistakes.length === 0 ? new Registry(parsed.data) : undefined,
    endpoints: parsed.success ? parsed.data.endpoints : readableEndpoints(content),
    mistakes,
    warnings: [...unknownFields(RegistryFile, content), ...crossed.warnings].map(told),
  }
}

/** The parser's own words up to what they quote: that may be a phone or a secret. */
const syntaxInWords = ({ code, message }: YAMLParseError): string => {
  const words = message.split(/[:"'`\n]| at line /)[0]?.trim()
  return words || code
}

const refused = (mistakes: string[]): ReadRegistry => ({ registry: undefined, endpoints: [], mistakes, warnings: [] })

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

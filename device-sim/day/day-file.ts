import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import { Failure, UsageError } from '../arguments.ts'
import { type Day, DayContent } from './day.ts'
import { lineOf, mistakesOf } from './mistakes.ts'

const shippedIn = fileURLToPath(new URL('../days/', import.meta.url))
const ending = '.yaml'

/** Every mistake of the file as a line `file:line: what is wrong, and what it must be`. */
export function parseDay(text: string, file: string): { day: Day; mistakes: [] } | { day?: never; mistakes: string[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' })
  if (document.errors.length > 0) {
    // Behind a mistake of syntax nothing means what it seems to.
    const words = (message: string) => message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')
    return {
      mistakes: document.errors.map(
        ({ pos, message }) => `${file}:${lines.linePos(pos[0]).line}: is not YAML: ${words(message)}`,
      ),
    }
  }
  let content: unknown
  try {
    content = document.toJS()
  } catch (error) {
    return { mistakes: [`${file}: is not YAML: ${(error as Error).message}`] } // an alias without its anchor
  }
  const { data, error } = DayContent.safeParse(content)
  if (data === undefined)
    return {
      mistakes: mistakesOf(error.issues, document, lines).map(({ line, text }) => `${file}:${line}: ${text}`),
    }
  const where = data.faults.map((_, index) => `${file}:${lineOf(document, ['faults', index], lines)}`)
  return { day: { ...data, file, where }, mistakes: [] }
}

/** The days that come with the simulator, by name. */
export async function shippedNames(): Promise<string[]> {
  const files = await readdir(shippedIn)
  return files
    .filter(file => file.endsWith(ending))
    .map(file => basename(file, ending))
    .sort()
}

/** By the name of a shipped day, or by its path. Every mistake of every file is told at once. Throws UsageError, Failure. */
export async function readDays(names: readonly string[]): Promise<Day[]> {
  const shipped = await shippedNames()
  const unknown = names.filter(name => !name.endsWith(ending) && !shipped.includes(name))
  if (unknown.length > 0)
    throw new UsageError(
      `no day "${unknown.join('", "')}": there is ${shipped.join(', ')}, or the path of a ${ending} file`,
    )
  const read = await Promise.all(
    names.map(async name => {
      const path = name.endsWith(ending) ? name : join(shippedIn, `${name}${ending}`)
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Failure(`${path} can't be read (${error.code})`)
      })
      return parseDay(text, name.endsWith(ending) ? path : `device-sim/days/${name}${ending}`)
    }),
  )
  const mistakes = read.flatMap(({ mistakes }) => mistakes)
  if (mistakes.length > 0) throw new Failure(mistakes.join('\n'))
  return read.flatMap(({ day }) => day ?? [])
}

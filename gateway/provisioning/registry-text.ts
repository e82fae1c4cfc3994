import { isDeepStrictEqual } from 'node:util'
import { isMap, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { checkRegistry } from '../devices/registry-file.ts'
import { Refusal } from './arguments.ts'
import type { Fields } from './in-line.ts'
import { addEntries, addField, applied, removeField, replaceField, replaceValue, type Splice } from './splice.ts'

/**
 * The text of a registry, edited in place: what isn't changed stays as it is to the letter, with its comments, its order and
 * its line ends. Where something stands is the YAML parser's knowledge. In the end the whole is read again as the gateway reads
 * it, and must be without a mistake and hold what was meant and nothing else.
 */
export type List = 'sites' | 'devices' | 'accounts'
const lists: readonly List[] = ['sites', 'devices', 'accounts']
type Content = Partial<Record<List, Fields[] | null>>

export class RegistryText {
  readonly #file: string
  readonly #text: string
  readonly #root: YAMLMap
  readonly #content: Content
  readonly #places = new Map<List, Map<string, number>>()
  readonly #added = new Map<List, Fields[]>()
  readonly #splices: Splice[] = []

  /** Throws Refusal with the file's own mistakes. */
  constructor(text: string, file: string) {
    const { content, mistakes } = checkRegistry(text, file)
    if (mistakes.length > 0) throw new Refusal(mistakes)
    this.#file = file
    this.#text = text
    this.#root = parseDocument(text, { logLevel: 'error' }).contents as YAMLMap
    this.#content = structuredClone(content) as Content
    for (const list of lists)
      this.#places.set(list, new Map(this.entries(list).map(({ id }, index) => [id as string, index])))
  }

  entries(list: List): readonly Fields[] {
    return this.#content[list] ?? []
  }

  find(list: List, id: string): Fields | undefined {
    const place = this.#places.get(list)?.get(id)
    return place === undefined ? undefined : this.entries(list)[place]
  }

  /** As the last one. Fields that are undefined are left out. */
  add(list: List, entry: Fields): void {
    const fields = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
    const added = this.#added.get(list)
    if (added === undefined) this.#added.set(list, [fields])
    else added.push(fields)
  }

  /** Fields of an entry that was there before; undefined removes one. Whether that changes anything. */
  change(list: List, id: string, changes: Fields): boolean {
    const entry = this.find(list, id) as Fields
    const different = Object.entries(changes).filter(([name, value]) => !isDeepStrictEqual(entry[name], value))
    for (const [name, value] of different) {
      this.#splices.push(this.#splice(this.#node(list, id), name, value))
      if (value === undefined) delete entry[name]
      else entry[name] = value
    }
    return different.length > 0
  }

  /** Another field in the place of one that is there. */
  exchange(list: List, id: string, from: string, to: string, value: unknown): void {
    const entry = this.find(list, id) as Fields
    const pair = pairOf(this.#node(list, id), from) as Pair
    this.#splices.push(replaceField(this.#text, pair, to, value))
    delete entry[from]
    entry[to] = value
  }

  /** The text as it is to be. Throws Refusal with each mistake that it would have. */
  result(): string {
    const eol = this.#text.includes('\r\n') ? '\r\n' : '\n'
    const meant = { ...this.#content }
    const splices = [...this.#splices]
    for (const [list, added] of this.#added) {
      splices.push(...addEntries(this.#text, this.#root, list, added, eol))
      meant[list] = [...this.entries(list), ...added]
    }
    const text = applied(this.#text, splices)
    const { content, mistakes } = checkRegistry(text, this.#file)
    if (mistakes.length > 0) throw new Refusal(mistakes)
    if (!isDeepStrictEqual(content, meant)) throw this.#notHere()
    return text
  }

  #splice(map: YAMLMap, name: string, value: unknown): Splice {
    const pair = pairOf(map, name)
    const eol = this.#text.includes('\r\n') ? '\r\n' : '\n'
    if (pair === undefined) return addField(this.#text, map, name, value, eol)
    return value === undefined ? removeField(this.#text, map, pair) : replaceValue(this.#text, pair, value)
  }

  #node(list: List, id: string): YAMLMap {
    const seq = pairOf(this.#root, list)?.value
    const map = isSeq(seq) ? seq.items[this.#places.get(list)?.get(id) ?? -1] : undefined
    if (!isMap(map)) throw this.#notHere()
    return map
  }

  #notHere(): Refusal {
    return new Refusal([
      `${this.#file}: the change can't be made in the form in which it is written there (an anchor or alias, it may be); make it by hand`,
    ])
  }
}

const pairOf = (map: YAMLMap, name: string): Pair | undefined => map.items.find(({ key }) => String(key) === name)

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The documents as their tests read them: GitHub's Markdown, as far as the documents use it. */
export const root = join(import.meta.dirname, '../..')

/** Those that have a twin in Chinese, of the same name with `.zh-CN` in it. */
export const documents = [
  'README.md',
  'schemas/README.md',
  'gateway/webhook/README.md',
  'gateway/OPERATING.md',
  'device-sim/README.md',
]
export const twinOf = (path: string): string => path.replace(/\.md$/, '.zh-CN.md')
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

export type Block = { language: string; code: string; heading: string; line: number }
export type Heading = { level: number; text: string; anchor: string }
/** What stands under one heading, up to the next: its fenced blocks apart, and its prose without them. */
export type Section = Heading & { prose: string; blocks: Block[] }

/** In order; what stands before the first heading belongs to none. Comments (`<!-- … -->`) are no text. */
export function sectionsOf(markdown: string): Section[] {
  const sections: Section[] = []
  const anchors = new Map<string, number>()
  let fence: Block | undefined
  for (const [index, line] of markdown
    .replace(/<!--[\s\S]*?-->/g, hidden => hidden.replace(/[^\n]/g, ''))
    .split('\n')
    .entries()) {
    const section = sections.at(-1)
    if (fence !== undefined) {
      if (line === '```') {
        section?.blocks.push(fence)
        fence = undefined
      } else fence.code += `${line}\n`
      continue
    }
    const opened = /^```(\w*)$/.exec(line)
    const heading = /^(#{1,6}) (.+)$/.exec(line)
    if (opened) fence = { language: opened[1]!, code: '', heading: section?.text ?? '', line: index + 1 }
    else if (heading) sections.push({ ...headingOf(heading, anchors), prose: '', blocks: [] })
    else if (section !== undefined) section.prose += `${line}\n`
  }
  if (fence !== undefined) throw new Error(`the block that begins in line ${fence.line} has no end`)
  return sections
}

export const blocksOf = (path: string): Block[] => sectionsOf(textOf(path)).flatMap(({ blocks }) => blocks)

/** The one block of a language under a heading; `holds` tells it from others there. Throws where there isn't exactly one. */
export function blockOf(path: string, heading: string, language: string, holds = ''): Block {
  const found = blocksOf(path).filter(
    block => block.heading === heading && block.language === language && block.code.includes(holds),
  )
  if (found.length !== 1)
    throw new Error(`${path}: ${found.length} ${language} blocks with "${holds}" under "${heading}"`)
  return found[0]!
}

/** Each table as rows of cells, its line of dashes left out. */
export function tablesOf(prose: string): string[][][] {
  const tables: string[][][] = []
  let inside = false
  for (const line of prose.split('\n')) {
    if (!line.startsWith('|')) inside = false
    else {
      if (!inside) tables.push([])
      inside = true
      if (!/^[|\s:-]+$/.test(line)) tables.at(-1)!.push(cellsOf(line))
      else if (tables.at(-1)!.length === 0) tables.at(-1)!.push([])
    }
  }
  return tables
}

const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map(cell => cell.trim().replaceAll('\\|', '|'))

/** Targets of links and pictures, in order. */
export const linksOf = (prose: string): string[] =>
  [...prose.replaceAll(/`[^`]*`/g, '``').matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1]!)

function headingOf([, marks, text]: RegExpExecArray, anchors: Map<string, number>): Heading {
  const plain = text!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  // As GitHub makes them: letters and digits of any script, spaces as dashes; the second of a name gets -1.
  const base = plain
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
  const count = anchors.get(base) ?? 0
  anchors.set(base, count + 1)
  return { level: marks!.length, text: text!, anchor: count === 0 ? base : `${base}-${count}` }
}

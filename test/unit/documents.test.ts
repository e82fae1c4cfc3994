import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, linksOf, root, type Section, sectionsOf, tablesOf, textOf, twinOf } from '../helpers/markdown.ts'

/** The documents say the same in both languages, and their links lead somewhere. */
const numbersIn = (text: string): string[] => text.match(/\d[\d,.]*\d|\d/g) ?? []
/** Code inside lines: the same names and settings are spoken of, in whatever order a sentence has them. */
const codeIn = (text: string): string[] => (text.match(/`[^`\n]+`/g) ?? []).sort()
const withoutLinks = (text: string) => text.replaceAll(/\]\([^)]*\)/g, ']')

describe.each(documents)('%s and its Chinese twin', path => {
  const [english, chinese] = [sectionsOf(textOf(path)), sectionsOf(textOf(twinOf(path)))]
  const pairs = english.map((section, index) => ({ section, twin: chinese[index] as Section, text: section.text }))

  test('have the same headings: as many, at the same levels', () => {
    const levels = (sections: Section[]) => sections.map(({ level }) => level)
    expect(levels(chinese)).toEqual(levels(english))
    expect(english.length).toBeGreaterThan(2)
  })

  test.each(pairs)('$text: the same code blocks', ({ section, twin }) => {
    const blocks = ({ blocks }: Section) => blocks.map(({ language, code }) => ({ language, code }))
    expect(blocks(twin)).toEqual(blocks(section))
  })

  test.each(pairs)('$text: the same tables, row by row', ({ section, twin }) => {
    const figures = ({ prose }: Section) =>
      tablesOf(withoutLinks(prose)).map(rows => rows.map(cells => cells.map(cell => [numbersIn(cell), codeIn(cell)])))
    expect(figures(twin)).toEqual(figures(section))
  })

  test.each(pairs)('$text: the same figures, lists and names', ({ section, twin }) => {
    const said = ({ prose }: Section) => {
      const text = withoutLinks(prose)
      return { figures: numbersIn(text), items: text.match(/^(- |\d\. )/gm), code: codeIn(text) }
    }
    expect(said(twin)).toEqual(said(section))
  })

  test('name each other', () => {
    expect(linksOf(textOf(path))).toContain(twinOf(path).split('/').at(-1))
    expect(linksOf(textOf(twinOf(path)))).toContain(path.split('/').at(-1))
  })
})

describe('links', () => {
  const pages = globSync(['*.md', '{gateway,schemas,device-sim,test}/**/*.md'], {
    cwd: root,
    exclude: ['**/node_modules'],
  })
  const anchors = (path: string) => sectionsOf(textOf(path)).map(({ anchor }) => anchor)

  test.each(pages)('of %s lead to files and headings that are there', path => {
    const dead = linksOf(textOf(path))
      .filter(link => !/^[a-z]+:/.test(link))
      .filter(link => {
        const [file, anchor] = link.split('#') as [string, string?]
        const target = file === '' ? path : relative(root, join(root, dirname(path), file))
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchors(target).includes(decodeURIComponent(anchor))
      })
    expect(dead).toEqual([])
  })

  test('of a Chinese page go on in Chinese where there is a page', () => {
    const english = documents.map(twinOf).flatMap(path =>
      linksOf(textOf(path))
        .map(link => relative(root, join(root, dirname(path), link.split('#')[0]!)))
        .filter(target => documents.includes(target) && twinOf(target) !== path),
    )
    expect(english).toEqual([])
  })
})

test('every setting stands in the operators’ table, and no other', () => {
  const source = readFileSync(join(root, 'gateway/config.ts'), 'utf8')
  const [table] = tablesOf(sectionsOf(textOf('gateway/OPERATING.md')).find(({ text }) => text === 'Settings')!.prose)
  const listed = table!.flatMap(([names = '']) => {
    const [first = '', ...others] = [...names.matchAll(/`([^`]+)`/g)].map(match => match[1]!)
    // `GATEHOUSE_TLS_CERT` `_KEY`, and `…_USERNAME`: the last word is another one.
    const stem = first.replace(/_[A-Z]+$/, '')
    return [first, ...others.map(name => (name.startsWith('GATEHOUSE') ? name : `${stem}${name.replace('…', '')}`))]
  })
  const known = new Set(source.match(/GATEHOUSE_[A-Z_]*[A-Z]/g))
  expect(listed.filter(name => name !== '').sort()).toEqual([...known].sort())
})

import { expect, test } from 'vitest'
import { createProgress, type Terminal } from '../../gateway/commands/progress.ts'

/** A terminal that is `columns` wide, or a pipe; and a clock that moves by hand. */
function world(options: Partial<Terminal> & { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  let now = 0
  const screen = {
    isTTY: options.isTTY ?? true,
    columns: options.columns ?? 80,
    write: (text: string) => written.push(text),
  }
  const terminal = { noColor: options.noColor ?? true, dumb: options.dumb ?? false }
  const pass = (ms: number) => {
    now += ms
  }
  return { written, pass, progress: createProgress(screen, terminal, () => now) }
}
/** What is seen: without what moves the cursor or colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is taken out
const seen = (text: string) => text.replaceAll(/\r|\u001b\[\d*[mK]/g, '')

test('a bar stays in its line, is drawn ten times a second at most, and ends its line when it is whole', () => {
  const { written, pass, progress } = world({})
  for (let done = 1; done <= 1000; done++) {
    progress('pages', done, 1000)
    pass(1)
  }
  expect(written.length).toBeLessThanOrEqual(12)
  expect(written.slice(0, -1).every(text => text.startsWith('\r') && !text.includes('\n'))).toBe(true)
  expect(seen(written[5]!)).toBe('pages [###############---------------] 50 % 501/1,000')
  expect(seen(written.at(-1)!)).toBe(`pages [${'#'.repeat(30)}] 100 % 1,000/1,000\n`)
})

test('work that ends early leaves the line, once', () => {
  const { written, progress } = world({})
  progress('pages', 1, 10)
  progress.end()
  progress.end()
  expect(written.slice(1)).toEqual(['\n'])
})

test('colour, unless NO_COLOR is set', () => {
  const [coloured, plain] = [world({ noColor: false }), world({ noColor: true })]
  for (const { progress } of [coloured, plain]) progress('pages', 5, 10)
  expect(coloured.written.join('')).toContain('\u001b[32m')
  expect(plain.written.join('')).not.toContain('\u001b[3')
})

test.each([20, 30, 40, 200])('it is never wider than a terminal of %i columns', columns => {
  const { written, progress } = world({ columns })
  progress('lines of the audit log', 123_456, 9_876_543)
  expect(seen(written[0]!).length).toBeLessThan(columns)
})

test.each([
  ['a pipe', { isTTY: false }],
  ['a dumb terminal', { dumb: true }],
])('%s gets a plain line every ten seconds, and nothing of short work', (_, options) => {
  const { written, pass, progress } = world(options)
  progress('pages', 10, 10)
  expect(written).toEqual([])
  for (let done = 1; done <= 25; done++) {
    pass(1000)
    progress('pages', done, 25)
  }
  progress.end()
  expect(written).toEqual(['pages: 40 %, 10 of 25\n', 'pages: 80 %, 20 of 25\n'])
})

test('nothing to do is done', () => {
  const { written, progress } = world({})
  progress('pages', 0, 0)
  expect(seen(written[0]!)).toContain('100 % 0/0')
})

import { parseArgs } from 'node:util'
import { expect, test } from 'vitest'
import { nearest, unknownOption, unknownWord } from '../../gateway/nearest.ts'

const commands = ['start', 'check-config', 'registry', 'token', 'audit', 'pseudonym', 'erase', 'backup', 'restore']

test.each([
  ['bakcup', 'backup'],
  ['Backup', 'backup'],
  ['check', 'check-config'],
  ['checkconfig', 'check-config'],
  ['tokens', 'token'],
  ['registery', 'registry'],
  ['aduit', 'audit'],
  ['xyz', undefined],
  ['', undefined],
  ['a'.repeat(100_000), undefined],
])('%.20s was meant to be %s', (typed, meant) => {
  expect(nearest(typed, commands)).toBe(meant)
})

test('the message says what was typed, and what may have been meant', () => {
  expect(unknownWord('strat', commands)).toBe('unknown: strat; did you mean start?')
  expect(unknownWord('quux', commands)).toBe('unknown: quux')
})

test('an option that there is not is told from other mistakes with options', () => {
  const options = { timeout: { type: 'string' }, json: { type: 'boolean' } } as const
  const errorOf = (...args: string[]) => {
    try {
      parseArgs({ args, options })
    } catch (error) {
      return error
    }
    return undefined
  }
  expect(unknownOption(errorOf('--timout', '3'), options)).toBe('unknown: --timout; did you mean --timeout?')
  expect(unknownOption(errorOf('--quux=secret'), options)).toBe('unknown: --quux')
  expect(unknownOption(errorOf('--timeout'), options)).toBeUndefined()
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBrokersOwn, isFilter, matches } from '../../gateway/mqtt/guards/filters.ts'

const level = fc.constantFrom('', 'a', 'b', 'ab', '$a', '+', '#', 'a+', '#b')
const path = fc.array(level, { minLength: 1, maxLength: 5 }).map(levels => levels.join('/'))
const topic = fc
  .array(fc.constantFrom('', 'a', 'b', 'ab', '$a'), { minLength: 1, maxLength: 5 })
  .map(levels => levels.join('/'))

/** Section 4.7 level by level, as one would read it. */
function matchesByLevel(filter: string, name: string): boolean {
  const [filters, names] = [filter.split('/'), name.split('/')]
  if (name.startsWith('$') && /^[+#]/.test(filter)) return false
  for (const [index, part] of filters.entries()) {
    if (part === '#') return true
    if (index >= names.length) return false
    if (part !== '+' && part !== names[index]) return false
    if (index === names.length - 1 && filters.length === index + 2 && filters[index + 1] === '#') return true
  }
  return filters.length === names.length
}

test('a filter matches what it matches level by level', () => {
  let matched = 0
  fc.assert(
    fc.property(path.filter(isFilter), topic, (filter, name) => {
      const wanted = matchesByLevel(filter, name)
      if (wanted) matched++
      expect(matches(filter, name)).toBe(wanted)
    }),
    { numRuns: 5000, seed: 4 },
  )
  expect(matched).toBeGreaterThan(300)
})

test('the grammar of filters', () => {
  fc.assert(
    fc.property(path, filter => {
      const levels = filter.split('/')
      const good =
        filter !== '' &&
        levels.every(
          (part, index) => !/[+#]/.test(part) || part === '+' || (part === '#' && index === levels.length - 1),
        )
      expect(isFilter(filter)).toBe(good)
    }),
    { numRuns: 5000, seed: 4 },
  )
})

test('$SYS is the broker’s own, and what only begins like it is not', () => {
  expect(['$SYS', '$SYS/x', '$SYS/#'].map(isBrokersOwn)).toEqual([true, true, true])
  expect(['$SYSTEM/x', 'SYS/x', '$share/x', 'a/$SYS/x', '#'].map(isBrokersOwn)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})

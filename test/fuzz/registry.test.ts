import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseRegistry } from '../../gateway/devices/registry-file.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { secretOf, writeRegistry } from '../helpers/registry.ts'
import { mutator } from './mutate.ts'
import { planFuzz } from './plan.ts'

const dictionary = [
  '&a [*a]',
  '*a',
  '<<: *a',
  '!!binary x',
  '!!js/function x',
  '|',
  '>',
  '---\n',
  '\n...\n',
  '\t',
  '? ',
  ': ',
  '- ',
  'null',
  '~',
  '0x1f',
  '__proto__: 1',
  'secret: s',
  '\u0000',
  '\uFEFF',
  '第',
  'id: button-1\n',
]

test('registry files: each is taken whole or refused with a mistake that repeats no secret and no phone', () => {
  const { random, cases } = planFuzz('registry files', 2500)
  const mutate = mutator(random, dictionary)
  const whole = readFileSync(writeRegistry(temporaryDirectory(), { buttons: 2 }))
  const outcomes = { taken: 0, refused: 0 }
  for (let index = 0; index < cases; index++) {
    const { registry, mistakes, warnings } = parseRegistry(mutate(whole).toString('utf8'), 'registry.yaml')
    if (registry === undefined) {
      outcomes.refused++
      expect(mistakes.length).toBeGreaterThan(0)
    } else {
      outcomes.taken++
      expect(mistakes).toEqual([])
      // What is taken can be asked.
      for (const { site } of registry.devices()) expect(registry.site(site)).toBeDefined()
    }
    for (const text of [...mistakes, ...warnings]) {
      expect(text).not.toContain(secretOf('button-1'))
      expect(text).not.toContain('0351-5550000')
      expect(text).not.toContain('梁某')
    }
  }
  expect(outcomes.taken).toBeGreaterThan(cases / 100)
  expect(outcomes.refused).toBeGreaterThan(cases / 10)
}, 120_000)

import { expect, test } from 'vitest'
import { targetsOf, toldAt } from '../../gateway/alarms/targets.ts'
import { Endpoint } from '../../schemas/registry.ts'

const url = 'http://127.0.0.1:9/'
const endpoint = (id: string, more: object) => Endpoint.parse({ id, url, ...more })
const dispatch = { url: 'http://127.0.0.1:10/', secret: 'of dispatch' }
const none = () => undefined
const unset = () => ({ value: undefined })

test('an endpoint signs with the secret that its variable holds, or with its own', () => {
  const endpoints = [endpoint('centre', { secretEnv: 'CENTRE' }), endpoint('station', { secret: 'plain', level: 2 })]
  const { targets, mistakes } = targetsOf(endpoints, dispatch, variable => ({ value: `value of ${variable}` }), none)
  expect(mistakes).toEqual([])
  expect(targets).toEqual([
    { id: 'centre', url, secret: 'value of CENTRE', level: 0 },
    { id: 'station', url, secret: 'plain', level: 2 },
    { id: 'dispatch', url: dispatch.url, secret: 'of dispatch', level: 0 },
  ])
})

test('every mistake is told at once, and none tells a secret', () => {
  const endpoints = [
    endpoint('a', { secretEnv: 'A' }),
    endpoint('b', { secret: 'wrong' }),
    endpoint('dispatch', { secret: 'x' }),
  ]
  const mistakeOf = (secret: string) => (secret === 'wrong' ? 'is no good' : undefined)
  expect(targetsOf(endpoints, { ...dispatch, secret: 'wrong' }, unset, mistakeOf).mistakes).toEqual([
    'A: is not set; endpoint a needs it to sign what it is told',
    'endpoints: b: secret: is no good; endpoint b needs it to sign what it is told',
    "endpoint dispatch: is there twice; rename the registry's, or unset GATEHOUSE_DISPATCH_URL",
    'GATEHOUSE_DISPATCH_SECRET: is no good; endpoint dispatch needs it to sign what it is told',
  ])
})

test("a secret's file that can't be read is the mistake, not that the secret is missing", () => {
  const secretOf = () => ({ mistake: "A_FILE: /nope can't be read (ENOENT)" })
  expect(targetsOf([endpoint('a', { secretEnv: 'A' })], undefined, secretOf, none)).toEqual({
    targets: [],
    mistakes: ["A_FILE: /nope can't be read (ENOENT); endpoint a needs it to sign what it is told"],
  })
})

test('those of the lowest level there is are told first', () => {
  const at = (id: string, level: number) => ({ id, url, secret: 's', level })
  expect(toldAt([at('a', 1), at('b', 0), at('c', 0)])(0)).toEqual(['b', 'c'])
  expect(toldAt([at('a', 2), at('b', 1)])(0)).toEqual(['b'])
  expect(toldAt([])(0)).toEqual([])
})

test('with each deadline that is missed the next level is told too, and the levels before still are', () => {
  const at = (id: string, level: number) => ({ id, url, secret: 's', level })
  const told = toldAt([at('city', 0), at('district', 3), at('station', 3), at('ministry', 7)])
  expect([0, 1, 2, 9].map(told)).toEqual([
    ['city'],
    ['city', 'district', 'station'],
    ['city', 'district', 'station', 'ministry'],
    ['city', 'district', 'station', 'ministry'],
  ])
})

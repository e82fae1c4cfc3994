import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { begun, createMasking, fingerprintOf, keyed, neededFor, type Version } from '../../gateway/journal/versions.ts'
import { pseudonymKeys } from '../../gateway/pseudonym-keys.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const none = { pseudonymKey: undefined, pseudonymKeyPrevious: undefined }

describe('the key of pseudonyms', () => {
  test('is made once, kept, and readable by the gateway only', () => {
    const dataDir = temporaryDirectory()
    const keys = pseudonymKeys({ dataDir, ...none })
    expect(keys.map(key => key.byteLength)).toEqual([32])
    expect(pseudonymKeys({ dataDir, ...none })).toEqual(keys)
    expect(pseudonymKeys({ dataDir: temporaryDirectory(), ...none })).not.toEqual(keys)
    expect(readdirSync(dataDir)).toEqual(['pseudonym.key'])
    expect(statSync(join(dataDir, 'pseudonym.key')).mode & 0o777).toBe(0o600)
  })

  test('of the settings goes first, and no file is made', () => {
    const dataDir = temporaryDirectory()
    expect(pseudonymKeys({ dataDir, ...none, pseudonymKey: 'ключ' })).toEqual([Buffer.from('ключ')])
    expect(readdirSync(dataDir)).toEqual([])
  })

  test('of the settings goes first also where a file is left from before, damaged or not', () => {
    const dataDir = temporaryDirectory()
    const [made] = pseudonymKeys({ dataDir, ...none })
    const set = { dataDir, pseudonymKey: 'new', pseudonymKeyPrevious: 'old' }
    expect(pseudonymKeys(set)).toEqual([made, Buffer.from('old'), Buffer.from('new')])
    writeFileSync(join(dataDir, 'pseudonym.key'), 'abc')
    expect(pseudonymKeys(set)).toEqual([Buffer.from('old'), Buffer.from('new')])
  })

  test.each(['', 'abc', 'z'.repeat(64), 'ab'.repeat(33), `${'ab'.repeat(32)}\nabc`])(
    'a damaged file is refused, not taken for a key: "%s"',
    text => {
      const dataDir = temporaryDirectory()
      const file = join(dataDir, 'pseudonym.key')
      writeFileSync(file, text)
      expect(() => pseudonymKeys({ dataDir, ...none })).toThrow(
        `${file}: is not 64 hex digits; put it back from a backup, or delete it: then the same person gets another pseudonym`,
      )
      expect(readFileSync(file, 'utf8')).toBe(text)
    },
  )
})

describe('versions of the key', () => {
  const [one, two] = [Buffer.from('key one'), Buffer.from('key two')]
  const version = (number: number, fromSeq: number, key: Buffer): Version => ({
    version: number,
    fromSeq,
    fingerprint: fingerprintOf(key),
    sinceMs: 5,
  })

  test('the first counts for all that is there; the next begins with the next entry; the same key begins nothing', () => {
    expect(begun([], one, { lastSeq: 70, now: 5 })).toEqual(version(1, 1, one))
    expect(begun([version(1, 1, one)], one, { lastSeq: 90, now: 5 })).toBeUndefined()
    expect(begun([version(1, 1, one)], two, { lastSeq: 90, now: 5 })).toEqual(version(2, 91, two))
    expect(begun([version(1, 1, one), version(2, 91, two)], one, { lastSeq: 90, now: 5 })).toEqual(version(3, 91, one))
  })

  test('an entry is masked by its number, whatever key is in use', () => {
    const { versions, missing } = keyed([version(1, 1, one), version(2, 91, two)], [one, two])
    expect(missing).toEqual([])
    const masking = createMasking(versions)
    const first = createMasking([{ version: 1, fromSeq: 1, key: one }])
    expect(masking.of(90).version).toBe(1)
    expect(masking.of(90).pseudonym('r-1')).toBe(first.of(90).pseudonym('r-1'))
    expect(masking.of(91).version).toBe(2)
    expect(masking.of(91).pseudonym('r-1')).not.toBe(first.of(91).pseudonym('r-1'))
    expect(masking.current).toEqual(masking.of(Number.MAX_SAFE_INTEGER))
  })

  test('a key is needed for as long as an entry of its time is kept', () => {
    const versions = [version(1, 1, one), version(2, 91, two), version(3, 200, one)]
    const three = [version(1, 1, one), version(2, 91, two)]
    expect(neededFor(three, 90)).toEqual(new Set([fingerprintOf(one), fingerprintOf(two)]))
    expect(neededFor(three, 91)).toEqual(new Set([fingerprintOf(two)]))
    expect(neededFor(versions, 91)).toEqual(new Set([fingerprintOf(one), fingerprintOf(two)]))
    expect(neededFor(versions, 200)).toEqual(new Set([fingerprintOf(one)]))
  })

  test('one whose key is gone is masked as the one in use, and says so', () => {
    const { versions, missing } = keyed([version(1, 1, one), version(2, 91, two)], [two])
    expect(missing.map(({ version }) => version)).toEqual([1])
    expect(createMasking(versions).of(1)).toMatchObject({ version: 2 })
  })
})

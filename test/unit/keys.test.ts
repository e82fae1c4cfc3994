import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from '../../gateway/config.ts'
import { apiTokens, pseudonymKey } from '../../gateway/keys.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

const configIn = (dataDir: string, more: Partial<Config> = {}): Config => ({
  ...readConfig({}).config,
  dataDir,
  ...more,
})
const never = () => {
  throw new Error('no token is made')
}
const digestOf = (token: string) => createHash('sha256').update(token).digest()

describe('the key of pseudonyms', () => {
  test('is made once, kept, and readable by the gateway only', () => {
    const dir = temporaryDirectory()
    const key = pseudonymKey(configIn(dir))
    expect(key.byteLength).toBe(32)
    expect(pseudonymKey(configIn(dir))).toEqual(key)
    expect(pseudonymKey(configIn(temporaryDirectory()))).not.toEqual(key)
    expect(readdirSync(dir)).toEqual(['pseudonym.key'])
    expect(statSync(join(dir, 'pseudonym.key')).mode & 0o777).toBe(0o600)
  })

  test('of the settings goes first, and no file is made', () => {
    const dir = temporaryDirectory()
    expect(pseudonymKey(configIn(dir, { pseudonymKey: 'ключ' }))).toEqual(Buffer.from('ключ'))
    expect(readdirSync(dir)).toEqual([])
  })

  test.each(['', 'abc', 'z'.repeat(64), 'ab'.repeat(33)])(
    'a damaged file is refused, not taken for a key: "%s"',
    text => {
      const dir = temporaryDirectory()
      const file = join(dir, 'pseudonym.key')
      writeFileSync(file, text)
      expect(() => pseudonymKey(configIn(dir))).toThrow(
        `${file}: is not 64 hex digits; put it back from a backup, or delete it: then the same person gets another pseudonym`,
      )
      expect(readFileSync(file, 'utf8')).toBe(text)
    },
  )
})

describe('the admin token', () => {
  test('is shown once; its digest is kept, and it is not', () => {
    const dir = temporaryDirectory()
    const shown: string[] = []
    const first = apiTokens(configIn(dir), token => shown.push(token))
    expect(shown).toHaveLength(1)
    const [token] = shown as [string]
    expect(Buffer.from(token, 'base64url').byteLength).toBe(32)
    expect(first).toEqual([{ name: 'admin', role: 'admin', digest: digestOf(token) }])
    expect(apiTokens(configIn(dir), never)).toEqual(first)
    expect(readdirSync(dir)).toEqual(['admin-token.sha256'])
    expect(readFileSync(join(dir, 'admin-token.sha256'), 'utf8')).not.toContain(token)
    expect(statSync(join(dir, 'admin-token.sha256')).mode & 0o777).toBe(0o600)
  })

  test('is not made where the settings name tokens', () => {
    const dir = temporaryDirectory()
    const tokens = apiTokens(configIn(dir, { apiTokens: [{ name: 'ann', role: 'viewer', token: 't1' }] }), never)
    expect(tokens).toEqual([{ name: 'ann', role: 'viewer', digest: digestOf('t1') }])
    expect(readdirSync(dir)).toEqual([])
  })

  test('a damaged file is refused with what to do', () => {
    const dir = temporaryDirectory()
    const file = join(dir, 'admin-token.sha256')
    writeFileSync(file, '')
    expect(() => apiTokens(configIn(dir), never)).toThrow(
      `${file}: is not 64 hex digits; delete it, and the next start shows a new token`,
    )
  })
})

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, readConfig } from '../../gateway/config.ts'
import { apiTokens } from '../../gateway/tokens/admin-token.ts'
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

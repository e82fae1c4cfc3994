import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Failure } from '../../device-sim/arguments.ts'
import { makeRegistry, secretHash } from '../../device-sim/registry.ts'
import { readRegistry, readSecrets, writeRegistry } from '../../device-sim/registry-files.ts'

const directories: string[] = []
const temporary = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sim-registry-'))
  directories.push(directory)
  return directory
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

const withoutHashes = (seed: string) =>
  JSON.parse(JSON.stringify(makeRegistry({ seed }).file, (key, value) => (key === 'secretHash' ? undefined : value)))

test('the same seed gives the same sites and devices, another seed others, and never the same secrets', () => {
  expect(withoutHashes('7')).toEqual(withoutHashes('7'))
  expect(withoutHashes('8')).not.toEqual(withoutHashes('7'))
  const [one, two] = [makeRegistry({ seed: '7' }).secrets, makeRegistry({ seed: '7' }).secrets]
  const all = [one, two].flatMap(({ devices, accounts }) => [...Object.values(devices), ...Object.values(accounts)])
  expect(new Set(all).size).toBe(all.length)
  for (const secret of all) expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
})

test('the zone is 25 schools and kindergartens, 11 compounds and 4 checkpoints, each with what belongs there', () => {
  const { file } = makeRegistry({ seed: '1' })
  const kindsAt = (site: string) => file.devices.filter(device => device.site === site).map(({ kind }) => kind)
  const sites = (...kinds: string[]) => file.sites.filter(({ kind }) => kinds.includes(kind))
  expect(sites('school', 'kindergarten')).toHaveLength(25)
  expect(sites('compound')).toHaveLength(11)
  expect(sites('checkpoint')).toHaveLength(4)
  expect(file.devices).toHaveLength(150)
  expect(new Set(file.devices.map(({ id }) => id)).size).toBe(150)
  expect(new Set(file.devices.map(({ externalId }) => externalId)).size).toBe(150)
  for (const { externalId } of file.devices) expect(externalId).toMatch(/^\d{20}$/)
  for (const { id } of sites('school', 'kindergarten'))
    expect(kindsAt(id)).toEqual(expect.arrayContaining(['panic-button', 'access-controller']))
  for (const { id } of sites('compound'))
    expect(kindsAt(id)).toEqual(expect.arrayContaining(['access-controller', 'face-checkpoint', 'vehicle-checkpoint']))
  for (const { id } of sites('checkpoint'))
    expect(kindsAt(id)).toEqual(expect.arrayContaining(['face-checkpoint', 'vehicle-checkpoint']))
  for (const { location } of file.sites) {
    expect(Math.abs(location!.lat - 37.71)).toBeLessThan(0.03)
    expect(Math.abs(location!.lon - 112.56)).toBeLessThan(0.04)
  }
})

test('the written registry is valid and holds the hash of each secret; the secrets file is for its owner only', async () => {
  const directory = await temporary()
  const made = makeRegistry({ seed: '1', dispatchUrl: 'https://dispatch.example/hook' })
  const { registryPath, secretsPath } = await writeRegistry(directory, made, { force: false, comment: 'test' })
  const file = await readRegistry(registryPath)
  const secrets = await readSecrets(secretsPath)
  expect(file).toEqual(made.file)
  for (const { id, secretHash: hash } of file.devices) expect(hash).toBe(secretHash(secrets.devices[id]!))
  expect(file.accounts).toEqual([
    { id: 'engineer', role: 'monitor', secretHash: secretHash(secrets.accounts.engineer!) },
  ])
  expect(file.endpoints[0]?.url).toBe('https://dispatch.example/hook')
  expect((await stat(secretsPath)).mode & 0o777).toBe(0o600)
  const text = await readFile(registryPath, 'utf8')
  for (const secret of Object.values(secrets.devices)) expect(text).not.toContain(secret)
})

test('files that are there are overwritten only with force', async () => {
  const directory = await temporary()
  const made = makeRegistry({ seed: '1' })
  await writeRegistry(directory, made, { force: false, comment: 'first' })
  const before = await readFile(join(directory, 'secrets.json'), 'utf8')
  await expect(writeRegistry(directory, makeRegistry({ seed: '1' }), { force: false, comment: '' })).rejects.toThrow(
    Failure,
  )
  expect(await readFile(join(directory, 'secrets.json'), 'utf8')).toBe(before)
  await writeRegistry(directory, makeRegistry({ seed: '1' }), { force: true, comment: 'second' })
  expect(await readFile(join(directory, 'secrets.json'), 'utf8')).not.toBe(before)
  expect((await stat(join(directory, 'secrets.json'))).mode & 0o777).toBe(0o600)
})

test('the hash is the SHA-256 of the UTF-8 secret', () => {
  // The published SHA-256 of "abc" (FIPS 180-4).
  expect(secretHash('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

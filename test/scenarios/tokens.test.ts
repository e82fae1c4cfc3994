import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../helpers/directory.ts'
import { failToStart, startGateway } from '../helpers/gateway.ts'
import { writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'
import { watch } from '../helpers/watcher.ts'

/** `npm run token` beside a gateway that runs, as an operator does it. */
async function token(dataDir: string, args: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['gateway/commands/token.ts', ...args.split(' ')], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH: process.env.PATH, GATEHOUSE_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  return { code: code as number, out, err, token: /^\S+: (\S{43})$/m.exec(out)?.[1] ?? '' }
}

const rolesOf = async (url: string, secret: string) => {
  const status = async (method: string, path: string) =>
    (await fetch(`${url}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${secret}` } })).status
  const found = [await status('GET', 'stats'), await status('POST', 'endpoints/none/test')]
  return `${found}`
}
const unknown = '401,401'
const viewer = '200,403'
const admin = '200,404'

test('tokens are added, rotated and revoked while the gateway runs; a revoked one ends its stream, too', async () => {
  const dir = temporaryDirectory()
  const dataDir = `${dir}/data`
  const options = { dataDir, registry: writeRegistry(dir), env: { GATEHOUSE_API_TOKENS: '' } }
  const gateway = await startGateway(options)
  onTestFinished(() => gateway.kill())
  const { httpUrl: url } = gateway
  const becomes = (secret: string, roles: string) =>
    until(async () => (await rolesOf(url, secret)) === roles, `${roles} for a token`)

  const wall = await token(dataDir, 'add wall viewer --days 30')
  expect([wall.code, wall.err]).toEqual([0, ''])
  await becomes(wall.token, viewer)
  const boss = await token(dataDir, 'add boss admin')
  await becomes(boss.token, admin)

  const watcher = await watch(url, wall.token)
  onTestFinished(watcher.leave)
  await watcher.next('the snapshot', ({ event }) => event === 'snapshot')
  const newer = await token(dataDir, 'rotate wall --grace-minutes 10')
  await becomes(newer.token, viewer)
  expect(await rolesOf(url, wall.token)).toBe(viewer)
  const other = await watch(url, newer.token)
  onTestFinished(other.leave)

  const { out } = await token(dataDir, 'list')
  expect(out).toMatch(/^admin {2}admin {2}of the first start/m)
  expect(out).toMatch(/^wall {2}viewer {2}since \S+, until \S+, an old one until \S+$/m)
  expect(await token(dataDir, 'revoke wall')).toMatchObject({ code: 0 })
  await Promise.all([watcher.ended, other.ended])
  expect(await rolesOf(url, wall.token)).toBe(unknown)
  expect(await rolesOf(url, newer.token)).toBe(unknown)

  // A torn file locks nobody out, and lets nobody in.
  copyFileSync(`${dataDir}/tokens.json`, `${dir}/kept.json`)
  writeFileSync(`${dataDir}/tokens.json`, readFileSync(`${dataDir}/tokens.json`).subarray(0, 60))
  const line = await until(() => gateway.log.find(({ msg }) => msg === 'tokens.unchanged'), 'a line about it')
  expect(line.err).toMatch(/tokens\.json: is not JSON/)
  expect(await rolesOf(url, boss.token)).toBe(admin)
  expect(await token(dataDir, 'revoke boss')).toMatchObject({ code: 1, err: expect.stringContaining('is not JSON') })
  copyFileSync(`${dir}/kept.json`, `${dataDir}/tokens.json`)

  // The admin token of the first start is changed like any other.
  const anew = await token(dataDir, 'rotate admin')
  await becomes(anew.token, admin)
  expect(await gateway.stop()).toBe(0)
  const restarted = await startGateway(options)
  onTestFinished(() => restarted.kill())
  expect(await rolesOf(restarted.httpUrl, anew.token)).toBe(admin)
  expect(await rolesOf(restarted.httpUrl, boss.token)).toBe(admin)
  expect(await rolesOf(restarted.httpUrl, wall.token)).toBe(unknown)
  expect(await restarted.stop()).toBe(0)
  const said = JSON.stringify([gateway.log, restarted.log, readFileSync(`${dataDir}/tokens.json`, 'utf8')])
  for (const secret of [wall, boss, newer, anew]) expect(said).not.toContain(secret.token)

  writeFileSync(`${dataDir}/tokens.json`, '{}')
  const failed = await failToStart(options)
  expect(failed.stderr).toMatch(/tokens\.json: version: .*put it back from a backup/)
})

test('what the command can not do it says, with what to do instead', async () => {
  const dataDir = temporaryDirectory()
  const env = { GATEHOUSE_API_TOKENS: 'ann:viewer:t1' }
  const [taken, settings, nobody, wrong, nowhere] = await Promise.all([
    token(dataDir, 'add ann viewer', env),
    token(dataDir, 'revoke ann', env),
    token(dataDir, 'rotate nobody', env),
    token(dataDir, 'add bob root', env),
    token(`${dataDir}/none`, 'add bob viewer', env),
  ])
  for (const { code, err } of [taken, settings])
    expect([code, err]).toEqual([
      1,
      'the token ann stands in GATEHOUSE_API_TOKENS; change it there and restart the gateway\n',
    ])
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('there is no token nobody')])
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('root is no role')])
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('set GATEHOUSE_DATA_DIR')])
})

import { execFileSync } from 'node:child_process'
import { cpSync, globSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildConsole } from '../../gateway/console/build.ts'
import { distDirectory } from '../../gateway/console/dist-directory.ts'
import { serveConsole } from '../../gateway/console/serve.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { adminToken, startGateway } from '../helpers/gateway.ts'
import { writeRegistry } from '../helpers/registry.ts'

/** The console's bundle, and how the gateway serves it over real HTTP. */
const root = join(import.meta.dirname, '../..')
const read = (directory: string, file: string) => readFileSync(join(directory, file), 'utf8')

describe('the bundle', () => {
  test('is small, whole and compressed as it is; what is up to date is not built again', async () => {
    const directory = temporaryDirectory()
    expect(await buildConsole(directory)).toEqual({ built: true })
    expect(await buildConsole(directory)).toEqual({ built: false })
    const assets = readdirSync(join(directory, 'assets')).filter(name => !/\.(br|gz)$/.test(name))
    expect(assets.map(name => name.replace(/-[\w-]{10}\./, '.')).sort()).toEqual([
      'console.css',
      'console.js',
      'icon.svg',
    ])
    const files = ['index.html', ...assets.map(name => join('assets', name))].map(file => join(directory, file))
    for (const file of files) {
      const plain = readFileSync(file)
      expect(brotliDecompressSync(readFileSync(`${file}.br`)).equals(plain), file).toBe(true)
      expect(gunzipSync(readFileSync(`${file}.gz`)).equals(plain), file).toBe(true)
    }
    for (const suffix of ['.br', '.gz'])
      expect(files.reduce((sum, file) => sum + statSync(file + suffix).size, 0)).toBeLessThan(150_000)
    for (const name of assets) expect(read(directory, 'index.html')).toContain(`"/assets/${name}"`)
  })

  test('asks nobody outside, makes no code from text, and brings no zod', async () => {
    const directory = temporaryDirectory()
    await buildConsole(directory)
    const files = globSync(['index.html', 'assets/*.{js,css,svg}'], { cwd: directory })
    expect(files).toHaveLength(4)
    for (const file of files) {
      const text = read(directory, file)
      // What XML calls its namespaces is no address.
      const urls = [...text.matchAll(/(?:https?|wss?):\/\/[\w.-]+[^\s"'`)]*/g)].map(([url]) => url)
      expect(
        urls.filter(url => !url.startsWith('http://www.w3.org/')),
        file,
      ).toEqual([])
      const forbidden = /ZodError|\beval\(|new Function\(|@import|\burl\(/.exec(text)?.[0]
      expect(forbidden, file).toBeUndefined()
    }
    // Preact's own is refused by the policy (trusted types); ours must not ask for it.
    for (const file of globSync('gateway/console/app/**/*.{ts,tsx}', { cwd: root }))
      expect(/innerHTML|InnerHTML|insertAdjacentHTML|document\.write/.exec(read(root, file))?.[0], file).toBeUndefined()
    expect(read(directory, 'index.html')).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/)
  })

  test('is the same when it is built from what the image holds, by its own command', async () => {
    const directory = temporaryDirectory()
    await buildConsole(join(directory, 'here'))
    for (const part of ['package.json', 'gateway', 'schemas'])
      cpSync(join(root, part), join(directory, part), { recursive: true })
    rmSync(join(directory, 'gateway/console/dist'), { recursive: true, force: true })
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
    const { scripts } = JSON.parse(read(root, 'package.json')) as { scripts: Record<string, string> }
    const said = execFileSync('sh', ['-c', scripts.prestart!], { cwd: directory, encoding: 'utf8' })
    expect(said).toBe('console: built\n')
    const built = join(directory, 'gateway/console/dist')
    expect(read(built, 'index.html')).toBe(read(join(directory, 'here'), 'index.html'))
  })
})

type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }

/** Not fetch, which decompresses by itself. */
const ask = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(url, { method, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
      .on('error', reject)
      .end()
  })

describe('the gateway', () => {
  test('serves page and files with a policy of their own, compressed, and again only when they changed', async () => {
    await buildConsole()
    const dir = temporaryDirectory()
    const gateway = await startGateway({ dataDir: join(dir, 'data'), registry: writeRegistry(dir) })
    onTestFinished(() => gateway.kill())

    const page = await ask(`${gateway.httpUrl}/`, { 'accept-encoding': 'gzip, deflate, br' })
    expect(page.status).toBe(200)
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-encoding': 'br',
      'cache-control': 'no-cache',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    const policy = String(page.headers['content-security-policy'])
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split('; ')).toContain(rule)
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/)
    const html = brotliDecompressSync(page.body).toString()
    expect(html).toBe(read(distDirectory, 'index.html'))
    const tag = String(page.headers.etag)
    const known = await ask(`${gateway.httpUrl}/`, { 'accept-encoding': 'br', 'if-none-match': `"else", W/${tag}` })
    expect([known.status, known.body.length, known.headers.etag]).toEqual([304, 0, tag])

    const script = /"(\/assets\/console-[^"]+\.js)"/.exec(html)![1]!
    const bodies = new Map<string, Answer>()
    for (const [accepted, encoding] of [
      ['br;q=1.0, gzip', 'br'],
      ['gzip', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['', 'identity'],
    ] as const) {
      const asset = await ask(`${gateway.httpUrl}${script}`, { 'accept-encoding': accepted })
      expect(asset.headers['content-encoding'] ?? 'identity', accepted).toBe(encoding)
      expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
      expect(asset.headers['content-security-policy']).toBe(policy)
      bodies.set(encoding, asset)
    }
    const plain = bodies.get('identity')!.body
    expect(brotliDecompressSync(bodies.get('br')!.body).equals(plain)).toBe(true)
    expect(gunzipSync(bodies.get('gzip')!.body).equals(plain)).toBe(true)
    expect(new Set([...bodies.values()].map(({ headers }) => headers.etag)).size).toBe(3)

    const head = await ask(`${gateway.httpUrl}${script}`, {}, 'HEAD')
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, String(plain.length)])
    expect((await ask(`${gateway.httpUrl}/`, {}, 'POST')).status).toBe(405)
    for (const path of ['assets/none.js', 'assets/..%2f..%2fserve.ts', 'assets/%2e%2e/built-from', 'built-from'])
      expect((await ask(`${gateway.httpUrl}/${path}`)).status, path).toBe(404)

    // The API's own answers keep the stricter policy, and who asks is told.
    const me = await ask(`${gateway.httpUrl}/api/v1/me`, { authorization: `Bearer ${adminToken}` })
    expect(me.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(me.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(me.body.toString())).toMatchObject({ name: 'tests', role: 'admin' })
    expect((await ask(`${gateway.httpUrl}/api/v1/me`)).status).toBe(401)
    const documents = JSON.parse((await ask(`${gateway.httpUrl}/openapi.json`)).body.toString()) as { paths: object }
    expect(Object.keys(documents.paths)).toContain('/api/v1/me')
    expect(Object.keys(documents.paths)).not.toContain('/')
  })

  test('without a bundle says how to build it, and serves it as soon as it is there', async () => {
    const directory = join(temporaryDirectory(), 'dist')
    const app = fastify()
    onTestFinished(() => app.close())
    await app.register(serveConsole(directory))
    const before = await app.inject('/')
    expect(before.statusCode).toBe(503)
    expect(before.body).toContain('node gateway/console/build.ts')
    expect(before.headers['cache-control']).toBeUndefined()
    await buildConsole(directory)
    expect((await app.inject('/')).statusCode).toBe(200)
  })
})

test('npm ci, npm start and npm run demo build it themselves, and go on without it', () => {
  const { scripts, dependencies } = JSON.parse(read(root, 'package.json')) as Record<string, Record<string, string>>
  for (const before of ['prepare', 'prestart', 'predemo'])
    expect(scripts![before]).toMatch(/^node gateway\/console\/build\.ts \|\| echo /)
  expect(Object.keys(dependencies!)).toEqual(expect.arrayContaining(['rolldown', 'preact', '@preact/signals', 'uplot']))
})

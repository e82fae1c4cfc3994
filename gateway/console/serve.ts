import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The console's page and its files, from memory. They hold no data: all of that comes by the API, with a token. */

/** Nothing inline, nothing from elsewhere. Overrides the API's, for these routes only. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
const encodings = ['br', 'gzip'] as const
const suffixes = { br: '.br', gzip: '.gz' } as const
type Encoding = keyof typeof suffixes | 'identity'
type Asset = { type: string; tag: string; bodies: Record<Encoding, Buffer> }

const unbuilt = `Gatehouse is running; its console is not built.

  node gateway/console/build.ts

builds it (npm ci, npm start and npm run demo do so too); then load this page again. The API is at /docs.
`

/** `directory`: what build.ts wrote. Read when somebody first asks, so that a start doesn't wait for it. */
export const serveConsole =
  (directory: string) =>
  async (app: FastifyInstance): Promise<void> => {
    let loading: Promise<Map<string, Asset>> | undefined
    const load = () => {
      loading ??= loadAssets(directory).catch(() => {
        loading = undefined
        return new Map()
      })
      return loading
    }
    const hidden = { schema: { hide: true } as object }
    app.addHook('onSend', async ({ routeOptions }, reply) => {
      reply.header('content-security-policy', contentSecurityPolicy)
      if (reply.statusCode === 200 || reply.statusCode === 304)
        reply.header('cache-control', routeOptions.url === '/' ? 'no-cache' : 'public, max-age=31536000, immutable')
    })
    app.get('/', hidden, async (request, reply) => {
      const page = (await load()).get('index.html')
      return page === undefined
        ? reply.code(503).type('text/plain; charset=utf-8').send(unbuilt)
        : send(request, reply, page)
    })
    app.get<{ Params: { name: string } }>('/assets/:name', hidden, async (request, reply) => {
      const asset = (await load()).get(request.params.name)
      return asset === undefined
        ? reply.code(404).type('text/plain; charset=utf-8').send('There is no such file; load / again\n')
        : send(request, reply, asset)
    })
  }

function send({ headers }: FastifyRequest, reply: FastifyReply, { type, tag, bodies }: Asset): FastifyReply {
  const encoding = acceptedOf(headers['accept-encoding'])
  const etag = `"${tag}-${encoding}"`
  reply.headers({ etag, vary: 'accept-encoding' })
  const known = headers['if-none-match']?.split(',').map(one => one.trim().replace(/^W\//, '')) ?? []
  if (known.includes(etag) || known.includes('*')) return reply.code(304).send()
  if (encoding !== 'identity') reply.header('content-encoding', encoding)
  return reply.type(type).send(bodies[encoding])
}

/** The best that the client takes; `q=0` is a no. */
function acceptedOf(header = ''): Encoding {
  const taken = header
    .split(',')
    .map(part =>
      part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/),
    )
    .filter(([, quality]) => quality === undefined || Number(quality.slice(2)) > 0)
    .map(([name]) => name)
  return encodings.find(encoding => taken.includes(encoding)) ?? 'identity'
}

async function loadAssets(directory: string): Promise<Map<string, Asset>> {
  const names = (await readdir(join(directory, 'assets'))).filter(name => contentTypes[kindOf(name)] !== undefined)
  const paths = ['index.html', ...names.map(name => join('assets', name))]
  return new Map(
    await Promise.all(
      paths.map(async (path): Promise<[string, Asset]> => {
        const file = join(directory, path)
        const [identity, br, gzip] = await Promise.all([
          readFile(file),
          readFile(`${file}${suffixes.br}`),
          readFile(`${file}${suffixes.gzip}`),
        ])
        const tag = createHash('sha256').update(identity).digest('base64url').slice(0, 16)
        return [
          path.replace(/^assets\//, ''),
          { type: contentTypes[kindOf(path)]!, tag, bodies: { identity, br, gzip } },
        ]
      }),
    ),
  )
}

const kindOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

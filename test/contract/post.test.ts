import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Poster } from '../../gateway/webhook/post.ts'

async function serve(answer: RequestListener): Promise<{ host: string; close: () => Promise<void> }> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
function newPoster(): Poster {
  const poster = new Poster()
  onTestFinished(() => poster.close())
  return poster
}
const post = (poster: Poster, url: string) => poster.post(url, { 'webhook-id': 'm-1' }, '{"site":"第一小学"}', 1000)

test('a message goes as it is, with its headers, path and credentials, over a connection that is kept', async () => {
  const seen: { method?: string; url?: string; headers: object; body: string; port: number }[] = []
  const { host } = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8')
    const { method, url, headers, socket } = request
    seen.push({ method: method as string, url: url as string, headers, body, port: socket.remotePort as number })
    response.end('{"incidentNo":"I-1","acknowledged":true,"more":1}')
  })
  const poster = newPoster()
  for (let count = 0; count < 2; count++)
    expect(await post(poster, `http://gate:p%40ss@${host}/alarms?district=3`)).toEqual({
      delivered: true,
      status: 200,
      reply: { incidentNo: 'I-1', acknowledged: true },
    })
  expect(seen[0]).toMatchObject({
    method: 'POST',
    url: '/alarms?district=3',
    body: '{"site":"第一小学"}',
    headers: {
      'webhook-id': 'm-1',
      'content-type': 'application/cloudevents+json',
      'content-length': '23',
      authorization: `Basic ${Buffer.from('gate:p@ss').toString('base64')}`,
    },
  })
  expect(seen[1]?.port).toBe(seen[0]?.port)
})

test('what went wrong is told without the URL, which may hold a secret', async () => {
  const { host, close } = await serve((_, response) => void response.writeHead(200).write(' '))
  const poster = newPoster()
  const url = `http://gate:secret@${host}/?token=secret`
  const slow = await post(poster, url)
  await close()
  const down = await post(poster, url)
  expect([slow, down]).toEqual([
    { delivered: false, status: null, error: 'no whole answer within 1000 ms' },
    { delivered: false, status: null, error: 'ECONNREFUSED' },
  ])
  const odd = await post(poster, 'http://gate:secret@[/?token=secret')
  expect(odd).toEqual({ delivered: false, status: null, error: 'ERR_INVALID_URL' })
})

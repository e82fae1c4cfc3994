import { request } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, test } from 'vitest'
import { Failure } from '../../device-sim/arguments.ts'
import { type Receiver, type ReceiverOptions, startReceiver } from '../../device-sim/receiver.ts'
import { describe as describeReceived } from '../../device-sim/receiver-command.ts'
import type { WebhookMessage } from '../../schemas/webhook.ts'
import { simAlarm } from './sim-alarm.ts'

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const nowMs = Date.parse('2026-11-24T00:00:00.023Z')

let receiver: Receiver | undefined
const start = async (options: Partial<ReceiverOptions> = {}) => {
  receiver = await startReceiver({ port: 0, secret, now: () => nowMs, ...options })
  return receiver
}
afterEach(async () => {
  await receiver?.close()
  receiver = undefined
})

const message = (id: string, subject = 'alarm-1'): WebhookMessage => ({
  specversion: '1.0',
  id,
  source: 'gatehouse',
  type: 'alarm.raised',
  time: '2026-11-24T00:00:00.010Z',
  subject,
  datacontenttype: 'application/json',
  data: { alarm: simAlarm({ id: subject, mode: 'drill' }) },
})

/** Signed by the npm package, as any sender of Standard Webhooks would. */
const post = async (id: string, body: string, change: Record<string, string> = {}) => {
  const headers = {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
    ...change,
  }
  const response = await fetch(receiver!.url, { method: 'POST', headers, body })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const send = (id: string, subject?: string) => post(id, JSON.stringify(message(id, subject)))

test('a good message is kept and answered with an incident number, the same for one alarm', async () => {
  await start({ acknowledge: true })
  const first = await send('msg_1')
  expect(first).toEqual({ status: 200, body: { incidentNo: 'JQ20261124-0001', acknowledged: true } })
  expect((await send('msg_2')).body.incidentNo).toBe('JQ20261124-0001')
  expect((await send('msg_3', 'alarm-2')).body.incidentNo).toBe('JQ20261124-0002')
  expect(receiver!.messages.map(({ message }) => message.id)).toEqual(['msg_1', 'msg_2', 'msg_3'])
})

test('the same webhook-id again is answered again but is not a second message', async () => {
  const repeated: boolean[] = []
  await start({ onMessage: received => repeated.push(received.repeated) })
  const [first, second] = [await send('msg_1'), await send('msg_1')]
  expect(second).toEqual(first)
  expect(receiver!.messages).toHaveLength(1)
  expect(repeated).toEqual([false, true])
})

test('a message that was answered with 500 is new when it comes again', async () => {
  let status = 500
  await start({ answer: () => status })
  expect((await send('msg_1')).status).toBe(500)
  expect(receiver!.messages).toHaveLength(0)
  status = 200
  expect((await send('msg_1')).status).toBe(200)
  expect(receiver!.messages).toMatchObject([{ repeated: false, status: 200 }])
})

test('a bad signature is refused with 401, whatever the body is', async () => {
  const refused: number[] = []
  await start({ onRefused: ({ status }) => refused.push(status) })
  const body = JSON.stringify(message('msg_1'))
  const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).sign('msg_1', new Date(nowMs), body)
  expect((await post('msg_1', body, { 'webhook-signature': other })).status).toBe(401)
  expect((await post('msg_1', body, { 'webhook-timestamp': '1600000000' })).status).toBe(401)
  expect((await post('msg_1', 'no JSON', { 'webhook-signature': other })).status).toBe(401)
  expect(refused).toEqual([401, 401, 401])
  expect(receiver!.messages).toHaveLength(0)
})

test('a well-signed body that is no webhook message is refused with 400 and the reason', async () => {
  await start()
  expect(await post('msg_1', 'no JSON')).toMatchObject({ status: 400, body: { error: 'the body is not JSON' } })
  const wrong = JSON.stringify({ ...message('msg_1'), type: 'alarm.lost' })
  expect((await post('msg_1', wrong)).body.error).toMatch(/type/)
  expect((await post('msg_2', JSON.stringify(message('msg_1')))).status).toBe(400)
})

test('a body over 64 kB is refused with 413, another method with 405', async () => {
  await start()
  expect((await post('msg_1', 'x'.repeat(64 * 1024 + 1))).status).toBe(413)
  expect((await fetch(receiver!.url)).status).toBe(405)
})

test('a sender that hangs up in the middle harms nobody', async () => {
  await start()
  const cut = request(receiver!.url, { method: 'POST', headers: { 'content-length': '1000' } })
  const closed = new Promise(resolve => cut.on('close', resolve))
  cut.on('error', () => {})
  cut.write('half')
  cut.once('socket', socket => socket.once('connect', () => cut.destroy()))
  await closed
  expect((await send('msg_1')).status).toBe(200)
})

test('one line says what, where, which mode and how long after the press', async () => {
  const lines: string[] = []
  await start({ onMessage: received => lines.push(describeReceived(received)) })
  await send('msg_1')
  expect(lines).toEqual(['alarm.raised  第一小学, 门卫室  panic (DRILL)  23 ms after the press'])
})

test('a late centre answers after its time; a sender that does not wait is not answered, and its message is new again', async () => {
  const seen: boolean[] = []
  const impatience = new AbortController()
  await start({
    misbehaviour: { lateMs: 80 },
    onMessage: ({ repeated }) => {
      seen.push(repeated)
      impatience.abort()
    },
  })
  const body = JSON.stringify(message('msg_1'))
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', new Date(nowMs), body),
  }
  const impatient = fetch(receiver!.url, { method: 'POST', headers, body, signal: impatience.signal })
  await expect(impatient).rejects.toThrow(/abort/)
  const startMs = performance.now()
  expect((await send('msg_2')).status).toBe(200)
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(79)
  // The time of the impatient one's answer is past as well.
  expect((await send('msg_1')).status).toBe(200)
  expect(seen).toEqual([false, false, false])
  expect((await send('msg_1')).status).toBe(200)
  expect(seen.at(-1)).toBe(true)
})

test('garbage is a 200 whose body is no JSON', async () => {
  await start({ misbehaviour: { garbage: true } })
  await expect(send('msg_1')).rejects.toThrow(SyntaxError)
  expect(receiver!.messages).toHaveLength(1)
})

test('a centre that dies after two messages answers both and then nobody', async () => {
  await start({ misbehaviour: { dieAfter: 2 } })
  expect((await send('msg_1')).status).toBe(200)
  expect((await send('msg_2')).status).toBe(200)
  await receiver!.ended
  await expect(send('msg_3')).rejects.toThrow(/fetch failed/)
})

test('reports of a device, a site and the gateway each have their line', async () => {
  const device = { id: 'b-1', name: '门卫室按钮', kind: 'panic-button', placement: null, site: 'school-01' } as const
  const lineOf = (type: WebhookMessage['type'], subject: string, data: WebhookMessage['data']) =>
    describeReceived({
      message: { ...message('m', subject), type, subject, data },
      arrivedAtMs: nowMs,
      status: 200,
      repeated: false,
    })
  expect(lineOf('device.silent', 'b-1', { device: { ...device, lastSeenAt: null, flapping: true } })).toBe(
    'device.silent  b-1  门卫室按钮, flapping',
  )
  const site = { id: 'school-01', name: '第一小学', kind: 'school', deviceCount: 4, flapping: false } as const
  expect(lineOf('device.silent', 'school-01', { site: { ...site, devices: [] } })).toBe(
    'device.silent  school-01  第一小学, 4 devices',
  )
  expect(lineOf('gateway.fault', 'x', { fault: { code: 'c', subject: 'x', message: 'why' } })).toBe(
    'gateway.fault  x  c: why',
  )
})

test('a secret without whsec_ and a port in use are said in words', async () => {
  await expect(startReceiver({ port: 0, secret: 'x', now: () => nowMs })).rejects.toThrow(/whsec_/)
  const { port } = await start()
  await expect(startReceiver({ port, secret, now: () => nowMs })).rejects.toThrow(Failure)
})

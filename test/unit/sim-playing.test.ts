import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApi } from '../../device-sim/api-client.ts'
import { UsageError } from '../../device-sim/arguments.ts'
import { createPlayer, type Played, type Player, type PlayStep, playedText } from '../../device-sim/playing.ts'
import { playOf } from '../../device-sim/playing-flags.ts'
import { actionBodies } from '../../schemas/actions.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { MessageType, WebhookMessage } from '../../schemas/webhook.ts'
import { simAlarm } from './sim-alarm.ts'

/** A small API that keeps to contract 6, as far as a dispatch centre calls it. */
type Call = { path: string; key: string | undefined; authorization: string | undefined; body: Record<string, unknown> }
let calls: Call[]
/** What to answer to the next call; by default 200. */
let answer: (call: Call, count: number) => { status: number; body?: object }
let server: Server
let player: Player | undefined

beforeEach(async () => {
  calls = []
  answer = () => ({ status: 200 })
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const call = {
      path: String(request.url),
      key: request.headers['idempotency-key']?.toString(),
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
    }
    calls.push(call)
    const { status, body = {} } = answer(call, calls.length)
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  player?.stop()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const quick: readonly PlayStep[] = (['acknowledge', 'dispatch', 'arrive', 'close'] as const).map(action => ({
  action,
  afterMs: 1,
}))
const messageOf = (type: MessageType, alarm: Alarm): WebhookMessage => ({
  specversion: '1.0',
  id: `m-${type}`,
  source: '/gatehouse',
  type,
  time: '2026-11-24T00:00:00.000Z',
  subject: alarm.id,
  datacontenttype: 'application/json',
  data: { alarm },
})

/** Begins a play; `until(n)` gives the first n steps as they were played. */
function begin(steps = quick, plays?: (alarm: Alarm) => boolean) {
  const { port } = server.address() as { port: number }
  const played: Played[] = []
  let waiting: (() => void) | undefined
  player = createPlayer({
    api: createApi({ url: `http://127.0.0.1:${port}/`, token: 'secret-token' }),
    by: '王警官',
    steps,
    plays,
    now: () => performance.now(),
    onStep: step => {
      played.push(step)
      waiting?.()
    },
  })
  const until = (count: number) =>
    new Promise<Played[]>(resolve => {
      waiting = () => played.length >= count && resolve(played)
      waiting()
    })
  return { player, played, until }
}

test('a centre that plays takes an alarm through its four steps, each with its own Idempotency-Key', async () => {
  const { player, until } = begin()
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  const played = await until(4)
  expect(played.map(({ acted }) => acted.result)).toEqual(['done', 'done', 'done', 'done'])
  expect(calls.map(({ path }) => path)).toEqual([
    '/api/v1/alarms/a-1/acknowledge',
    '/api/v1/alarms/a-1/dispatch',
    '/api/v1/alarms/a-1/arrive',
    '/api/v1/alarms/a-1/close',
  ])
  expect(calls.map(({ key }) => key)).toEqual(['a-1-acknowledge', 'a-1-dispatch', 'a-1-arrive', 'a-1-close'])
  expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret-token']))
  for (const [index, action] of (['acknowledge', 'dispatch', 'arrive', 'close'] as const).entries())
    expect(actionBodies[action].safeParse(calls[index]?.body).error).toBeUndefined()
  expect(calls[3]?.body).toMatchObject({ by: '王警官', disposition: 'real' })
})

test('an alarm that is left to somebody else is left alone', async () => {
  const { player, until } = begin(quick, ({ id }) => id === 'a-2')
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-2' })))
  await until(4)
  expect(new Set(calls.map(({ path }) => path.split('/')[4]))).toEqual(new Set(['a-2']))
})

test('the same alarm told again begins no second play', async () => {
  const { player, until } = begin()
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-2' })))
  await until(8)
  expect(calls).toHaveLength(8)
})

test('a step that somebody else has taken is refused with the reason, and the play is theirs', async () => {
  answer = () => ({
    status: 409,
    body: { type: 'about:blank', title: 'Conflict', status: 409, detail: 'Alarm a-1 is already acknowledged by 李' },
  })
  const { player, until } = begin()
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  const [first] = await until(1)
  expect(playedText(first!)).toBe('acknowledge refused: 409 Alarm a-1 is already acknowledged by 李')
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-2' })))
  await until(2)
  expect(calls.map(({ path }) => path)).toEqual(['/api/v1/alarms/a-1/acknowledge', '/api/v1/alarms/a-2/acknowledge'])
})

test('a step without a clear answer is tried again under the same key', async () => {
  answer = (_call, count) => ({ status: count === 1 ? 503 : 200 })
  const { player, until } = begin([{ action: 'acknowledge', afterMs: 0 }])
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  const [step] = await until(1)
  expect(step?.acted).toEqual({ result: 'done' })
  expect(calls.map(({ key }) => key)).toEqual(['a-1-acknowledge', 'a-1-acknowledge'])
})

test('a drill is closed as a drill, and as real once somebody really pressed in it', async () => {
  const { player, until } = begin([{ action: 'close', afterMs: 5 }])
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1', mode: 'drill' })))
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-2', mode: 'drill' })))
  player.note(messageOf('alarm.pressed', simAlarm({ id: 'a-2', mode: 'actual' })))
  await until(2)
  const dispositions = Object.fromEntries(calls.map(({ path, body }) => [path.split('/')[4], body.disposition]))
  expect(dispositions).toEqual({ 'a-1': 'drill', 'a-2': 'real' })
})

test('an alarm that others close is played no further', async () => {
  const { player, until } = begin([{ action: 'acknowledge', afterMs: 20 }])
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-1' })))
  player.note(messageOf('alarm.closed', simAlarm({ id: 'a-1', stage: 'closed' })))
  player.note(messageOf('alarm.raised', simAlarm({ id: 'a-2' })))
  await until(1)
  expect(calls.map(({ key }) => key)).toEqual(['a-2-acknowledge'])
})

test('the command line says which steps are played, and which lack the one before', () => {
  const none = { play: false, sleep: false, acknowledge: false }
  expect(playOf(none)).toEqual([])
  expect(playOf({ ...none, play: true, 'dispatch-after': '0.5' })).toEqual([
    { action: 'acknowledge', afterMs: 2000 },
    { action: 'dispatch', afterMs: 500 },
    { action: 'arrive', afterMs: 3000 },
    { action: 'close', afterMs: 3000 },
  ])
  expect(playOf({ ...none, 'acknowledge-after': '1', 'close-after': '2' })).toEqual([
    { action: 'acknowledge', afterMs: 1000 },
    { action: 'close', afterMs: 2000 },
  ])
  expect(playOf({ ...none, acknowledge: true, 'dispatch-after': '1' })).toEqual([{ action: 'dispatch', afterMs: 1000 }])
  expect(() => playOf({ ...none, 'dispatch-after': '1' })).toThrow(/--dispatch-after needs --acknowledge-after/)
  expect(() => playOf({ ...none, 'acknowledge-after': '1', 'arrive-after': '1' })).toThrow(/needs --dispatch-after/)
  expect(() => playOf({ ...none, 'acknowledge-after': 'soon' })).toThrow(UsageError)
  expect(() => playOf({ ...none, sleep: true, play: true })).toThrow(/--sleep takes nothing over/)
})

import { describe, expect, test } from 'vitest'
import { refusedStep } from '../../gateway/api/refused-step.ts'
import type { ApiOptions } from '../../gateway/api/server.ts'
import { alarms, startApi } from './api-world.ts'

const raised = alarms[0]!
type Act = ApiOptions['actions']['act']
const startActing = (act: Act, more: Partial<ApiOptions> = {}) =>
  startApi({ actions: { act, actOnSite: async () => [] }, ...more })

describe('a step', () => {
  test('is passed to the desk as it was said, and answered with the alarm and its neighbours', async () => {
    const seen: unknown[] = []
    const other = { ...raised, id: 'a-9' }
    const { post } = await startActing(
      async (...args) => {
        seen.push(args)
        return { alarm: { ...raised, stage: 'dispatched' } }
      },
      { open: { openAlarms: () => [raised, other] } },
    )
    const { status, json } = await post('alarms/a-3/dispatch', {
      by: '王',
      unit: '巡逻3组',
      incidentNo: 'i-1',
      note: 'n',
    })
    expect([status, json.stage]).toEqual([200, 'dispatched'])
    expect(json.neighbours.map(({ id }: { id: string }) => id)).toEqual(['a-9'])
    const said = { name: 'dispatch', by: '王', unit: '巡逻3组', incidentNo: 'i-1', note: 'n' }
    expect(seen).toEqual([['a-3', said, 'some dispatcher']])
  })

  test('that is not possible is 409 with the stage and who brought it there, in words too', async () => {
    const { post } = await startActing(async () => ({ refused: 'it is', stage: 'acknowledged', by: '王' }))
    const { status, json, headers } = await post('alarms/a-3/acknowledge', { by: '李' })
    expect([status, headers.get('content-type')]).toEqual([409, 'application/problem+json'])
    expect(json).toMatchObject({
      stage: 'acknowledged',
      by: '王',
      detail: 'Alarm a-3 is already acknowledged by 王',
    })
  })

  test('of a closed alarm, which the desk no longer holds, is 409; of none is 404', async () => {
    const { post } = await startActing(async () => undefined, {
      alarms: {
        alarms: async () => ({ items: [], next: null }),
        alarm: async id =>
          id === 'a-1'
            ? { ...raised, stage: 'closed', history: [{ at: '', what: 'closed', stage: 'closed', by: '赵' }] }
            : undefined,
        openAlarmsBySite: async () => ({}),
      },
    })
    const closed = await post('alarms/a-1/close', { by: '李', disposition: 'real' })
    expect([closed.status, closed.json.stage, closed.json.by]).toEqual([409, 'closed', '赵'])
    expect((await post('alarms/a-99/acknowledge', { by: '李' })).status).toBe(404)
  })

  test.each([
    ['acknowledge', {}, 'by', 'must be a string'],
    ['acknowledge', { by: '' }, 'by', 'must have 1–64 characters'],
    ['close', { by: '李' }, 'disposition', 'must be one of real, false, drill, test'],
    ['close', { by: '李', disposition: 'maybe' }, 'disposition', 'must be one of real, false, drill, test'],
    ['arrive', undefined, 'body', 'must be a JSON object, sent as application/json'],
    ['arrive', [], 'body', 'must be a JSON object, sent as application/json'],
  ])('%s with %j is 400 and names %s', async (action, body, parameter, detail) => {
    const { post } = await startActing(async () => {
      throw new Error('the desk was asked')
    })
    const { status, json } = await post(`alarms/a-3/${action}`, body)
    expect([status, json.mistakes]).toEqual([400, [{ parameter, detail }]])
  })

  test('writes no name into the log, whatever becomes of it', async () => {
    const { post, logged } = await startActing(async id => {
      if (id === 'a-2') throw new Error('no disk')
      return id === 'a-1' ? { refused: '', stage: 'closed', by: '王某' } : { alarm: raised }
    })
    for (const id of ['a-1', 'a-2', 'a-3']) await post(`alarms/${id}/acknowledge`, { by: '李某', note: '李某' })
    await post('alarms/a-3/acknowledge', { by: { name: '李某' } })
    await expect.poll(() => logged.filter(({ message }) => message === 'http.answered').length).toBe(4)
    expect(JSON.stringify(logged)).not.toMatch(/李某|王某/)
  })
})

test('a step on a site tells what became of each of its alarms; a site that is not there is 404', async () => {
  const { post } = await startApi({
    actions: {
      act: async () => undefined,
      actOnSite: async site =>
        site === 'school-01'
          ? [
              { id: 'a-3', acted: { alarm: { ...raised, stage: 'acknowledged' } } },
              { id: 'a-4', acted: { refused: 'it is', stage: 'arrived', by: '王' } },
            ]
          : [],
    },
  })
  expect((await post('sites/school-01/alarms/acknowledge', { by: '李' })).json).toEqual({
    items: [
      { id: 'a-3', done: true, stage: 'acknowledged' },
      { id: 'a-4', done: false, stage: 'arrived', refused: 'already arrived by 王' },
    ],
  })
  expect((await post('sites/compound-01/alarms/acknowledge', { by: '李' })).json).toEqual({ items: [] })
  expect((await post('sites/school-77/alarms/acknowledge', { by: '李' })).status).toBe(404)
  expect((await post('sites/school-01/alarms/close', { by: '李' })).status).toBe(400)
})

test('why not, in words', () => {
  expect(refusedStep('dispatch', { stage: 'delivered', by: 'dispatch' })).toBe('still delivered; acknowledge it first')
  expect(refusedStep('arrive', { stage: 'acknowledged', by: '王' })).toBe('still acknowledged; dispatch it first')
  expect(refusedStep('close', { stage: 'raised' })).toBe('still raised; acknowledge it first')
  expect(refusedStep('acknowledge', { stage: 'closed', by: '王' })).toBe('already closed by 王')
})

describe('an Idempotency-Key', () => {
  /** A desk that counts, and keeps receipts as the storage does. */
  function keeping() {
    const kept = new Map<string, { request: string; answer: string }>()
    let acts = 0
    let release = () => {}
    let gate: Promise<void> = Promise.resolve()
    return {
      acts: () => acts,
      hold: () => {
        gate = new Promise(resolve => {
          release = resolve
        })
      },
      release: () => release(),
      ports: {
        actions: {
          act: async (id, { by }, _caller, receipt) => {
            acts++
            await gate
            if (id === 'a-2') return { refused: 'it is', stage: 'closed' }
            const alarm = { ...raised, stage: 'acknowledged' as const, incidentNo: by }
            if (receipt) kept.set(`${receipt.caller} ${receipt.key}`, { ...receipt, answer: JSON.stringify(alarm) })
            return { alarm }
          },
          actOnSite: async () => [],
        },
        receipts: { receipt: async ({ caller, key }) => kept.get(`${caller} ${key}`) },
      } satisfies Partial<ApiOptions>,
    }
  }
  const key = (text: string) => ({ 'idempotency-key': text })

  test('gives the same request the first answer and does nothing again', async () => {
    const desk = keeping()
    const { post } = await startApi(desk.ports)
    const first = await post('alarms/a-3/acknowledge', { by: '王', note: 'n' }, key('k-1'))
    const again = await post('alarms/a-3/acknowledge', { note: 'n', by: '王' }, key('k-1'))
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([200, null])
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
    expect(again.json).toEqual(first.json)
    expect(desk.acts()).toBe(1)
  })

  test.each([
    ['another body', 'alarms/a-3/acknowledge', { by: '李' }],
    ['another step', 'alarms/a-3/dispatch', { by: '王' }],
    ['another alarm', 'alarms/a-4/acknowledge', { by: '王' }],
  ])('with %s is 422', async (_what, path, body) => {
    const desk = keeping()
    const { post } = await startApi(desk.ports)
    await post('alarms/a-3/acknowledge', { by: '王' }, key('k-1'))
    expect((await post(path, body, key('k-1'))).status).toBe(422)
    expect((await post(path, body, key('k-2'))).status).toBe(200)
  })

  test('belongs to its caller', async () => {
    const desk = keeping()
    const { post, as } = await startApi(desk.ports)
    await post('alarms/a-3/acknowledge', { by: '王' }, key('k-1'))
    const other = await post('alarms/a-3/acknowledge', { by: '李' }, { ...key('k-1'), ...as('token-of-admin').headers })
    expect([other.status, other.json.incidentNo]).toEqual([200, '李'])
  })

  test('sent twice at once runs once; with another request meanwhile it is 422', async () => {
    const desk = keeping()
    const { post } = await startApi(desk.ports)
    desk.hold()
    const first = post('alarms/a-3/acknowledge', { by: '王' }, key('k-1'))
    await expect.poll(desk.acts).toBe(1)
    const second = post('alarms/a-3/acknowledge', { by: '王' }, key('k-1'))
    expect((await post('alarms/a-3/dispatch', { by: '王' }, key('k-1'))).status).toBe(422)
    desk.release()
    const answers = await Promise.all([first, second])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true'])
    expect(answers[1]?.json).toEqual(answers[0]?.json)
    expect(desk.acts()).toBe(1)
  })

  test('of a refused request stands for nothing: it is decided anew', async () => {
    const desk = keeping()
    const { post } = await startApi(desk.ports)
    expect((await post('alarms/a-2/acknowledge', { by: '王' }, key('k-1'))).status).toBe(409)
    expect((await post('alarms/a-2/acknowledge', { by: '王' }, key('k-1'))).status).toBe(409)
    expect(desk.acts()).toBe(2)
    expect((await post('alarms/a-3/acknowledge', { by: '王' }, key('k-1'))).status).toBe(200)
  })

  test.each(['', 'has space', 'x'.repeat(129)])('%j is 400', async text => {
    const { post } = await startApi(keeping().ports)
    const { status, json } = await post('alarms/a-3/acknowledge', { by: '王' }, key(text))
    expect([status, json.mistakes?.[0].parameter]).toEqual([400, 'idempotency-key'])
  })
})

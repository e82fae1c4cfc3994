import { expect, test } from 'vitest'
import { flowOf } from '../bench/node-red/flow.ts'

/** The flow that the gateway is compared with, as Node-RED runs it: the text of its function nodes, without our types. */
const nodes = flowOf({ mqttPort: 1883, influxWriteUrl: 'http://influx/write', dispatchUrl: 'http://dispatch/' }) as {
  id: string
  func?: string
  initialize?: string
}[]
const run = (id: string, msg: object, context = new Map<string, unknown>()): unknown =>
  new Function('msg', 'node', 'context', nodes.find(node => node.id === id)?.func ?? 'throw new Error("no such node")')(
    msg,
    { warn: () => {} },
    context,
  )
const access = { door: '东 门', direction: 'in', method: 'card', result: 'granted' }
const validated = (payload: object, kind = 'access') => run('validate', { topic: `gh/v1/s/d/event/${kind}`, payload })
const event = { id: 'e-1', time: '2026-11-24T12:00:00.123Z', seq: 7, data: access }

test('an event becomes a line whose nanoseconds hold its number', () => {
  const [line, alarm] = validated(event) as { payload: string }[]
  expect(line?.payload).toMatch(
    /^access,site=s,siteKind=school,device=d,door=东\\ 门,direction=in,method=card,result=granted id="e-1",seq=7i,count=1i,lagMs=\d+i 1795521600123000007$/,
  )
  expect(alarm).toBeNull()
})

test('what is not of the contract is refused', () => {
  expect(validated({ ...event, id: 'no blanks' })).toBeNull()
  expect(validated({ ...event, time: 'noon' })).toBeNull()
  expect(validated({ ...event, data: { ...access, direction: 'up' } })).toBeNull()
  expect(validated({ ...event, data: { ...access, person: { ref: '', role: 'staff' } } })).toBeNull()
  expect(validated(event, 'alarm')).toBeNull()
  expect(validated(event, 'weather')).toBeNull()
})

test('an alarm becomes a line and a message to dispatch', () => {
  const data = { trigger: 'panic', state: 'raised', mode: 'test' }
  const [line, alarm] = validated({ id: 'a-1', data }, 'alarm') as [{ payload: string }, { payload: object }]
  expect(line.payload).toMatch(/^alarm,site=s,siteKind=school,device=d,trigger=panic,state=raised,mode=test id="a-1"/)
  const told = run('webhook', alarm) as { payload: { type: string; data: { alarm: { history: object[] } } } }
  expect(told.payload.type).toBe('alarm.raised')
  expect(told.payload.data.alarm.history).toEqual([{ eventId: 'a-1' }])
})

test('lines wait until there are 5,000', () => {
  const context = new Map<string, unknown>([['lines', Array(4998).fill('x')]])
  expect(run('batch', { payload: 'x' }, context)).toBeNull()
  expect((run('batch', { payload: 'x' }, context) as { payload: string }).payload.split('\n')).toHaveLength(5000)
  expect(context.get('lines')).toEqual([])
})

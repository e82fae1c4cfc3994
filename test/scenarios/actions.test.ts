import { expect, onTestFinished, test } from 'vitest'
import type { SiteActionResult } from '../../schemas/actions.ts'
import type { Alarm } from '../../schemas/alarm.ts'
import type { MessageType } from '../../schemas/webhook.ts'
import { connectDevice, panic } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { endpointSecret, startEndpoint } from '../helpers/endpoint.ts'
import { startGateway } from '../helpers/gateway.ts'
import { post } from '../helpers/people.ts'
import { button, school, writeRegistry } from '../helpers/registry.ts'

/** Two endpoints of level 0 that take everything and acknowledge nothing, and buttons that are pressed. */
async function startZone(buttons = 1) {
  const dir = temporaryDirectory()
  const [city, station] = [await startEndpoint(), await startEndpoint()]
  onTestFinished(async () => void (await Promise.all([city.down(), station.down()])))
  const options = {
    dataDir: `${dir}/data`,
    registry: writeRegistry(dir, {
      endpoints: [
        { id: 'city', url: city.url, secret: endpointSecret, level: 0 },
        { id: 'station', url: station.url, secret: endpointSecret, level: 0 },
      ],
    }),
  }
  const start = async () => {
    const gateway = await startGateway(options)
    onTestFinished(() => gateway.kill())
    return gateway
  }
  const gateway = await start()
  const alarms: string[] = []
  for (let number = 1; number <= buttons; number++) {
    const device = await connectDevice(gateway.mqttUrl, button(number))
    onTestFinished(() => device.end())
    await device.publish('alarm', panic(`p-${number}`))
    const { message } = await city.next(({ message }) => message.data.alarm?.device.id === `button-${number}`)
    alarms.push(message.subject)
  }
  return { gateway, start, city, station, alarms, alarm: alarms[0] as string }
}

test('two acknowledge at once: one wins, the other is told who; and every endpoint sees each step to the close, in order', async () => {
  const { gateway, city, station, alarm } = await startZone()
  const answers = await Promise.all(['王', '李'].map(by => post(gateway, `alarms/${alarm}/acknowledge`, { by })))
  const won = answers.find(({ status }) => status === 200)!
  const lost = answers.find(({ status }) => status === 409)!
  const winner = answers.indexOf(won) === 0 ? '王' : '李'
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  expect(won.json).toMatchObject({ id: alarm, stage: 'acknowledged' })
  expect(lost.json).toMatchObject({
    stage: 'acknowledged',
    by: winner,
    detail: `Alarm ${alarm} is already acknowledged by ${winner}`,
  })

  const told = async (type: MessageType) => {
    const seen = await Promise.all([city, station].map(to => to.next(({ message }) => message.type === type)))
    return seen.map(({ message }) => message.data.alarm)
  }
  await told('alarm.acknowledged')
  const early = await post(gateway, `alarms/${alarm}/arrive`, { by: '王' })
  expect(early.json.detail).toBe(`Alarm ${alarm} is still acknowledged; dispatch it first`)
  const dispatched = await post(gateway, `alarms/${alarm}/dispatch`, { by: '王', unit: '巡逻3组', incidentNo: 'JQ-7' })
  expect([dispatched.status, dispatched.json.incidentNo]).toEqual([200, 'JQ-7'])
  await told('alarm.dispatched')
  expect((await post(gateway, `alarms/${alarm}/arrive`, { by: '赵', note: '到达' })).status).toBe(200)
  await told('alarm.arrived')
  expect((await post(gateway, `alarms/${alarm}/close`, { by: '王' })).status).toBe(400)
  const closed = await post(gateway, `alarms/${alarm}/close`, { by: '王', disposition: 'false' })
  expect([closed.status, closed.json.stage, closed.json.disposition]).toEqual([200, 'closed', 'false'])
  for (const seen of await told('alarm.closed'))
    expect(seen).toMatchObject({ stage: 'closed', disposition: 'false', incidentNo: 'JQ-7' })
  for (const { told } of [city, station])
    expect(told.map(({ message }) => message.type)).toEqual([
      'alarm.raised',
      'alarm.acknowledged',
      'alarm.dispatched',
      'alarm.arrived',
      'alarm.closed',
    ])
  const late = await post(gateway, `alarms/${alarm}/acknowledge`, { by: '李' })
  expect([late.status, late.json.stage, late.json.by]).toEqual([409, 'closed', '王'])
  expect((await post(gateway, 'alarms/nothing/acknowledge', { by: '李' })).status).toBe(404)

  const { history } = await gateway.get<Alarm>(`alarms/${alarm}`)
  expect(history.filter(({ what }) => what !== 'delivered').map(({ what, by, unit }) => [what, by, unit])).toEqual([
    ['raised', 'button-1', undefined],
    ['acknowledged', winner, undefined],
    ['dispatched', '王', '巡逻3组'],
    ['arrived', '赵', undefined],
    ['closed', '王', undefined],
  ])
  expect(JSON.stringify(gateway.log)).not.toMatch(/王|李|赵/)
  expect(await gateway.stop()).toBe(0)
})

test('the same request under the same key is done once, also over a restart', async () => {
  const { gateway, start, alarm } = await startZone()
  const key = { 'idempotency-key': 'tablet-7:42' }
  const act = (to: Pick<typeof gateway, 'httpUrl'>, by = '王') => post(to, `alarms/${alarm}/acknowledge`, { by }, key)
  const answers = await Promise.all([act(gateway), act(gateway), act(gateway)])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(2)
  await gateway.kill()

  const again = await start()
  const replayed = await act(again)
  expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
  expect(replayed.json).toEqual(answers[0]?.json)
  expect((await act(again, '李')).status).toBe(422)
  const { history } = await again.get<Alarm>(`alarms/${alarm}`)
  expect(history.filter(({ what }) => what === 'acknowledged')).toHaveLength(1)
  // Without the key it is what it is: somebody was faster.
  expect((await post(again, `alarms/${alarm}/acknowledge`, { by: '王' })).status).toBe(409)
  expect(await again.stop()).toBe(0)
})

test('three buttons of one school are neighbours, and one call takes them all over', async () => {
  const { gateway, alarms } = await startZone(3)
  const [first, second, third] = alarms as [string, string, string]
  const neighboursOf = async (id: string) =>
    (await gateway.get<Alarm>(`alarms/${id}`)).neighbours.map(neighbour => neighbour.id)
  expect(await neighboursOf(second)).toEqual([first, third])
  await post(gateway, `alarms/${second}/acknowledge`, { by: '李' })

  const all = await post<SiteActionResult>(gateway, `sites/${school}/alarms/acknowledge`, { by: '王' })
  expect(all.status).toBe(200)
  expect(all.json.items).toEqual([
    { id: first, done: true, stage: 'acknowledged' },
    { id: second, done: false, stage: 'acknowledged', refused: 'already acknowledged by 李' },
    { id: third, done: true, stage: 'acknowledged' },
  ])
  const closed = await post<SiteActionResult>(gateway, `sites/${school}/alarms/close`, {
    by: '王',
    disposition: 'drill',
  })
  expect(closed.json.items.map(({ done }) => done)).toEqual([true, true, true])
  expect(await neighboursOf(second)).toEqual([])
  expect((await gateway.get<{ items: Alarm[] }>('alarms?stage=closed')).items).toHaveLength(3)
  expect(await gateway.stop()).toBe(0)
})

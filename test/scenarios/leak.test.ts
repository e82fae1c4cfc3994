import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { createPseudonym } from '../../gateway/journal/pseudonym.ts'
import { eventKinds } from '../../schemas/events/kinds.ts'
import { topics } from '../../schemas/topics.ts'
import { connectDevice } from '../helpers/device.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { accept, startEndpoint } from '../helpers/endpoint.ts'
import { adminToken, startGateway } from '../helpers/gateway.ts'
import { startInfluxd } from '../helpers/influxd.ts'
import { type Mark, markedData, marks, marksIn, spoiltPayloads } from '../helpers/marked-payloads.ts'
import { call, post } from '../helpers/people.ts'
import { connectRaw } from '../helpers/raw-device.ts'
import { startRecordingProxy } from '../helpers/recording-proxy.ts'
import { button, gate, writeRegistry } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

/**
 * Everything personal or secret is marked and sent through every way there is; then all that the gateway wrote or said outside
 * of its journal is searched. What may stand where is listed; everything else is a leak.
 */
const pressed = button(1)
/** Contract 5: who is to be called, and who did what, reaches the dispatch centre, and whoever may see alarms. */
const ofAlarms: Mark[] = ['by', 'contact', 'phone', 'actionNote']

test('nothing personal and no secret leaves the journal but where the contract says so', async () => {
  const influxd = await startInfluxd()
  onTestFinished(() => influxd.remove())
  const proxy = await startRecordingProxy(influxd.url)
  onTestFinished(() => proxy.close())
  const endpoint = await startEndpoint(marks.endpointSecret)
  onTestFinished(() => endpoint.down())
  const asked: string[] = []
  endpoint.behave((response, told, request) => {
    asked.push(`${request.url} ${JSON.stringify(request.headers)}`)
    accept(response, told, request)
  })

  const dir = temporaryDirectory()
  const dataDir = join(dir, 'data')
  const registry = writeRegistry(dir)
  const file = parse(readFileSync(registry, 'utf8'))
  for (const site of file.sites) site.contacts = [{ name: marks.contact, phone: marks.phone }]
  writeFileSync(registry, stringify(file))
  const database = influxd.newDatabase()
  const gateway = await startGateway({
    dataDir,
    registry,
    env: {
      GATEHOUSE_LOG_LEVEL: 'trace',
      GATEHOUSE_API_TOKENS: `tests:admin:${adminToken},centre:dispatcher:${marks.token}`,
      GATEHOUSE_PSEUDONYM_KEY: marks.pseudonymKey,
      GATEHOUSE_DISPATCH_URL: endpoint.url,
      GATEHOUSE_DISPATCH_SECRET: marks.endpointSecret,
      GATEHOUSE_INFLUX_URL: proxy.url,
      GATEHOUSE_INFLUX_DATABASE: database,
      GATEHOUSE_INFLUX_USERNAME: 'writer',
      GATEHOUSE_INFLUX_PASSWORD: marks.influxPassword,
    },
  })
  onTestFinished(() => gateway.kill())
  const answers: string[] = []
  const answered = <T>({ status, json }: { status: number; json: T }): T => {
    answers.push(`${status} ${JSON.stringify(json)}`)
    return json
  }

  // Devices: what is valid, what is not, and what is none of theirs.
  let count = 0
  const id = () => `e-${++count}`
  const devices = [
    await connectDevice(gateway.mqttUrl, pressed, { acks: true }),
    await connectDevice(gateway.mqttUrl, gate, { acks: true }),
  ]
  onTestFinished(async () => void (await Promise.all(devices.map(device => device.end()))))
  const sent = async (topic: string, payload: string | Buffer) => devices[1]!.publishRaw(topic, payload)
  for (const kind of eventKinds) {
    if (kind !== 'alarm') await devices[1]!.publish(kind, { id: id(), data: markedData[kind] })
    const payloads = spoiltPayloads(kind, id)
    await Promise.all(payloads.map(payload => sent(topics.event(gate, kind), payload)))
  }
  await sent(
    `gh/v1/${gate.site}/${gate.device}/heartbeat`,
    JSON.stringify({ firmware: marks.unknownField, battery: marks.ref }),
  )
  await sent(`gh/v1/${gate.site}/${gate.device}/status`, JSON.stringify({ status: marks.ref }))
  await devices[0]!.publish('alarm', { id: id(), data: markedData.alarm })
  const refused = (options: object) =>
    connectDevice(gateway.mqttUrl, button(2), options).then(
      device => device.end(),
      () => {},
    )
  await refused({ password: marks.wrongSecret })
  await refused({ username: marks.wrongUser, password: marks.wrongSecret })
  await refused({ clientId: marks.wrongUser, password: marks.wrongSecret })
  await refused({ will: { topic: `gh/v1/${marks.ref}`, payload: Buffer.from(marks.ref), qos: 1 } })
  for (const topic of [
    `gh/v1/${gate.site}/${marks.ref}/event/access`,
    `gh/v1/${gate.site}/button-3/event/${marks.ref}`,
  ]) {
    const foreign = await connectRaw(gateway.mqttPort, 'button-3')
    foreign.send({ cmd: 'publish', topic, payload: marks.reason, qos: 1, messageId: 1, retain: false, dup: false })
    await foreign.closed
  }
  const subscriber = await connectRaw(gateway.mqttPort, 'button-3')
  subscriber.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: `gh/v1/+/${marks.ref}/#`, qos: 0 }] })
  await subscriber.packet(({ cmd }) => cmd === 'suback')
  subscriber.socket.write(Buffer.concat([Buffer.from([0xf0, marks.ref.length]), Buffer.from(marks.ref)]))
  await subscriber.closed

  // People: what is right, what is not, and who is nobody.
  const { message } = await endpoint.next(({ message }) => message.type === 'alarm.raised')
  const alarm = message.subject
  const asCentre = { authorization: `Bearer ${marks.token}` }
  const say = { by: marks.by, note: marks.actionNote }
  const ofPeople: unknown[] = []
  ofPeople.push(
    (await post(gateway, `alarms/${alarm}/acknowledge`, say, { ...asCentre, 'idempotency-key': 'key-1' })).json,
  )
  answered(await post(gateway, `alarms/${alarm}/acknowledge`, { by: marks.ref.repeat(9), note: [marks.ref] }, asCentre))
  answered(await post(gateway, `alarms/${alarm}/acknowledge`, { [marks.ref]: marks.by }, asCentre))
  const broken = {
    method: 'POST',
    headers: { ...asCentre, 'content-type': 'application/json' },
    body: `{"by":"${marks.by}`,
  }
  answers.push(await (await fetch(`${gateway.httpUrl}/api/v1/alarms/${alarm}/close`, broken)).text())
  const window = await post<{ id: string }>(gateway, 'maintenance', { site: gate.site, ...say }, asCentre)
  ofPeople.push(window.json, (await call(gateway, 'GET', 'maintenance')).json)
  await call(gateway, 'DELETE', `maintenance/${window.json.id}`, { headers: asCentre })
  answered(await call(gateway, 'GET', 'stats', { headers: { authorization: `Bearer ${marks.wrongToken}` } }))
  answered(await post(gateway, 'erase', { ref: marks.ref, reason: marks.by }, asCentre))
  answered(await post(gateway, 'erase', { ref: marks.ref, reason: `for ${marks.ref}` }))
  const { items } = await gateway.get<{ items: { seq: number; kind: string }[] }>('events?kind=access')
  answered(await post(gateway, `events/${items[0]?.seq}/unmask`, { reason: marks.ref }))
  const unmasked = await post(gateway, `events/${items[0]?.seq}/unmask`, { reason: 'case 7' })
  expect(marksIn(JSON.stringify(unmasked.json))).toEqual(expect.arrayContaining(['ref', 'reason', 'unknownField']))
  ofPeople.push((await post(gateway, `alarms/${alarm}/close`, { ...say, disposition: 'real' }, asCentre)).json)
  await endpoint.next(({ message }) => message.type === 'alarm.closed')

  // And what is there to be read.
  const lists = 'sites devices events rejections deliveries stats audit?limit=1000 sites?x=1'.split(' ')
  for (const path of lists) answered(await call(gateway, 'GET', path))
  for (const path of ['alarms', `alarms/${alarm}`]) ofPeople.push((await call(gateway, 'GET', path)).json)
  for (const path of ['metrics', 'healthz', 'readyz', 'openapi.json'])
    answers.push(await (await fetch(`${gateway.httpUrl}/${path}`)).text())
  const { accepted } = await gateway.get<{ accepted: number }>('stats')
  await until(async () => {
    const { consumers } = await gateway.get<{ consumers: Record<string, { pending: number }> }>('stats')
    return consumers.influx?.pending === 0
  }, 'all points are in InfluxDB')
  const influx = influxd.client(database)
  const points = await Promise.all(
    (await influx.getMeasurements()).map(name => influx.query(`SELECT * FROM "${name}"`)),
  )
  await gateway.stop()

  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter(file => file.isFile())
  const textOf = (file: { parentPath: string; name: string }) =>
    readFileSync(join(file.parentPath, file.name), 'latin1')
  const isJournal = ({ name }: { name: string }) => /^journal\.sqlite/.test(name)
  const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8')
  const leaks = Object.entries({
    'stdout and stderr': [gateway.output(), []],
    'answers, metrics and the audit log': [answers.join('\n'), []],
    'answers about alarms and maintenance': [JSON.stringify(ofPeople), ofAlarms],
    'acks to devices': [JSON.stringify(devices.map(({ acks }) => acks)), []],
    'points in InfluxDB': [JSON.stringify(points), []],
    'requests to InfluxDB': [proxy.seen.join('\n'), []],
    'URLs and headers of webhooks': [asked.join('\n'), []],
    'bodies of webhooks': [endpoint.told.map(({ body }) => body).join('\n'), ofAlarms],
    'files beside the journal': [
      files
        .filter(file => !isJournal(file))
        .map(textOf)
        .map(utf8)
        .join('\n'),
      [],
    ],
  } satisfies Record<string, [string, Mark[]]>).flatMap(([place, [text, allowed]]) =>
    marksIn(text)
      .filter(mark => !(allowed as Mark[]).includes(mark))
      .map(mark => `${mark} in ${place}`),
  )
  expect(leaks).toEqual([])

  // The search would have found them: what was sent is in the journal, and what may be told was told.
  const journal = utf8(files.filter(isJournal).map(textOf).join('\n'))
  const sentMarks: Mark[] = [
    'ref',
    'plate',
    'list',
    'reason',
    'note',
    'image',
    'unknownField',
    'unknownName',
    'by',
    'contact',
  ]
  expect(marksIn(journal)).toEqual(expect.arrayContaining(sentMarks))
  expect(marksIn(endpoint.told.map(({ body }) => body).join('\n')).sort()).toEqual([...ofAlarms].sort())
  const key = createPseudonym(Buffer.from(marks.pseudonymKey))
  for (const pseudonym of [key(marks.ref), key(marks.plate), key(marks.list)])
    expect(JSON.stringify(points)).toContain(pseudonym)
  expect(gateway.output()).toContain('http.answered')
  expect(accepted).toBeGreaterThan(5)
  const { length: rejected } = answers.filter(answer => answer.includes('"reason"'))
  expect(rejected).toBeGreaterThan(0)
}, 90_000)

import { batch, everySoOften, validate, webhook } from './functions.ts'

/**
 * The flow that does the gateway's job as one would draw it in Node-RED's editor:
 *
 *     mqtt in ──▶ validate ──▶ batch ──▶ http request (InfluxDB)
 *                        └───▶ webhook ──▶ http request (dispatch)
 *
 * Nothing in it is on disk: no event outlives the process, nothing is sent twice, and what InfluxDB or dispatch refuses is gone.
 * `node test/bench/node-red/flow.ts` prints it, for the editor's "Import".
 */
export type Addresses = { mqttPort: number; influxWriteUrl: string; dispatchUrl: string }

export function flowOf({ mqttPort, influxWriteUrl, dispatchUrl }: Addresses): object[] {
  const node = (id: string, type: string, x: number, y: number, properties: object) => ({
    id,
    type,
    z: 'flow',
    name: id,
    x,
    y,
    ...properties,
  })
  // A connection is kept, as the gateway keeps its own.
  const post = { method: 'POST', ret: 'txt', paytoqs: 'ignore', persist: true, senderr: false, wires: [[]] }
  return [
    { id: 'flow', type: 'tab', label: 'gateway', disabled: false },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: String(mqttPort),
      clientid: 'node-red',
      autoConnect: true,
      usetls: false,
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
    },
    node('events', 'mqtt in', 100, 100, {
      topic: 'gh/v1/+/+/event/+',
      qos: '1',
      datatype: 'json',
      broker: 'broker',
      nl: false,
      rap: true,
      rh: 0,
      inputs: 0,
      wires: [['validate']],
    }),
    node('validate', 'function', 260, 100, { func: bodyOf(validate), outputs: 2, wires: [['batch'], ['webhook']] }),
    node('batch', 'function', 420, 80, {
      func: bodyOf(batch),
      initialize: bodyOf(everySoOften),
      outputs: 1,
      wires: [['influx']],
    }),
    node('influx', 'http request', 580, 80, { ...post, url: influxWriteUrl }),
    node('webhook', 'function', 420, 140, { func: bodyOf(webhook), outputs: 1, wires: [['dispatch']] }),
    node('dispatch', 'http request', 580, 140, { ...post, url: dispatchUrl }),
  ]
}

/** A function's text between its outermost braces; Node has already taken the types out of it. */
function bodyOf(written: (...given: never[]) => unknown): string {
  const text = written.toString()
  return text.slice(text.indexOf('{') + 1, text.lastIndexOf('}'))
}

if (import.meta.main)
  console.log(
    JSON.stringify(
      flowOf({
        mqttPort: 1883,
        influxWriteUrl: 'http://127.0.0.1:8086/write?db=gatehouse&precision=n',
        dispatchUrl: 'http://127.0.0.1:9000/',
      }),
      null,
      2,
    ),
  )

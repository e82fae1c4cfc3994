import { onTestFinished } from 'vitest'
import { connectDevice, panic } from './device.ts'
import { temporaryDirectory } from './directory.ts'
import { dispatchTo, startEndpoint, type TestEndpoint } from './endpoint.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { officersEnv } from './officers.ts'
import { button, writeRegistry } from './registry.ts'

/** What an officer on duty sits at: a gateway that lets the officers in, a dispatch centre, and buttons to be pressed. */
export type Duty = {
  gateway: RunningGateway
  endpoint: TestEndpoint
  /** Presses a button; resolves to the alarm's id once dispatch was told. */
  press(number: number, id: string, more?: object): Promise<string>
  /** After the gateway's end: one on the same data. `httpPort` 0: on another port than the officers know. */
  restart(httpPort: number): Promise<RunningGateway>
}

export async function startDuty(): Promise<Duty> {
  const dir = temporaryDirectory()
  const endpoint = await startEndpoint()
  onTestFinished(() => endpoint.down())
  const registry = writeRegistry(dir)
  const start = async (httpPort: number) => {
    const env = { ...dispatchTo(endpoint), ...officersEnv, GATEHOUSE_HTTP_PORT: String(httpPort) }
    const gateway = await startGateway({ dataDir: `${dir}/data`, registry, env })
    onTestFinished(() => gateway.kill())
    return gateway
  }
  const duty: Duty = {
    gateway: await start(0),
    endpoint,
    async press(number, id, more = {}) {
      const device = await connectDevice(duty.gateway.mqttUrl, button(number))
      onTestFinished(() => device.end())
      await device.publish('alarm', panic(id, more))
      const isIt = ({ message }: { message: { data: { alarm?: { device: { id: string } } | undefined } } }) =>
        message.data.alarm?.device.id === `button-${number}`
      return (await endpoint.next(isIt)).message.subject
    },
    async restart(httpPort) {
      duty.gateway = await start(httpPort)
      return duty.gateway
    },
  }
  return duty
}

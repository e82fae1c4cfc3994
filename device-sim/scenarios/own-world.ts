import { createChronicle } from '../chronicle.ts'
import { monotonicMs } from '../clock.ts'
import { playedText } from '../playing.ts'
import { describe } from '../receiver-command.ts'
import type { Undo } from '../undo.ts'
import { startZone } from '../zone.ts'
import { connecting, pressing } from './devices.ts'
import type { Scenario, World } from './scenario.ts'

/** A gateway, centres and a registry of the scenario's own. Undefined when it was stopped meanwhile. */
export async function ownWorld(
  scenario: Scenario,
  options: { background: number; influx: boolean; verbose: boolean; say: (line: string) => void; stopped: AbortSignal },
  undo: Undo,
): Promise<World | undefined> {
  const { say, stopped, verbose } = options
  const chronicle = createChronicle()
  const zone = await startZone({
    name: 'scenario',
    centres: scenario.centres,
    influx: options.influx,
    say,
    undo,
    stopped,
    onReceived: (centre, received, atMs) => {
      if (!received.repeated && received.status < 300) chronicle.noteTold({ centre, message: received.message, atMs })
      if (verbose) say(`${centre.padEnd(16)}${describe(received)}`)
    },
    onPlayed: (centre, played) => {
      if (verbose || played.acted.result !== 'done') say(`${centre.padEnd(16)}${playedText(played)}`)
    },
  })
  if (zone === undefined) return undefined
  const connect = connecting({ ...zone, mqttUrl: zone.gateway.mqttUrl, chronicle, say, over: zone.over, undo })
  return {
    registry: zone.registry,
    mqttUrl: zone.gateway.mqttUrl,
    api: zone.api,
    chronicle,
    levelZero: scenario.centres.filter(({ level, dead }) => level === 0 && !dead).map(({ id }) => id),
    zone,
    mode: 'actual',
    background: options.background,
    say,
    over: zone.over,
    connect,
    press: pressing(zone.registry, 'actual', monotonicMs),
    later: undo.later,
  }
}

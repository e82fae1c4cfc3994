import type { Payload } from '../../schemas/events/kinds.ts'
import type { Device, RegistryFile } from '../../schemas/registry.ts'
import type { Api } from '../api-client.ts'
import type { Chronicle } from '../chronicle.ts'
import type { Fleet, FleetOptions } from '../fleet.ts'
import type { PlayStep } from '../playing.ts'
import type { Report } from '../report.ts'
import type { Press } from '../way.ts'
import type { Centre, Zone } from '../zone.ts'

/** One story, told with real connections and judged. */
export type Scenario = {
  summary: string
  /** The dispatch centres it needs; it may also be run against a gateway that is there when `anywhere`. */
  centres: readonly Centre[]
  anywhere: boolean
  run: (world: World) => Promise<Report>
}

export type World = {
  registry: RegistryFile
  mqttUrl: string
  api: Api
  chronicle: Chronicle
  /** Those who must be told at once. Empty: it is not our gateway, and whoever its registry names is told. */
  levelZero: readonly string[]
  /** Undefined: not our gateway. */
  zone: Zone | undefined
  /** What a press is where nothing else is meant: real where nobody can be woken by it. */
  mode: Payload<'alarm'>['data']['mode']
  /** Events per second beside the story, where it has a background. */
  background: number
  say: (line: string) => void
  over: AbortSignal
  /** Connects these devices, ended with the scenario. */
  connect: (devices: readonly Device[], change?: Partial<FleetOptions>) => Promise<Fleet>
  press: (fleet: Fleet, device: Device, data?: Partial<Payload<'alarm'>['data']>) => Promise<Press>
  /** Ends something with the scenario. */
  later: (what: () => Promise<unknown>) => void
}

/** Told within 2 s: what a published specification for one-button access to the police asks for (domain.md). */
export const limitMs = 2000
/** A scenario doesn't wait for ever for what does not come. */
export const patienceMs = 20_000

/** People at work, hurried. */
export const quickPlay: readonly PlayStep[] = [
  { action: 'acknowledge', afterMs: 600 },
  { action: 'dispatch', afterMs: 300 },
  { action: 'arrive', afterMs: 300 },
  { action: 'close', afterMs: 300 },
]
export const commandCentre: Centre = { id: 'command-centre', level: 0, play: quickPlay }
export const subBureau: Centre = { id: 'sub-bureau', level: 0 }

export const wholeLoop = ['acknowledged', 'dispatched', 'arrived', 'closed'] as const

import type { RegistryFile } from '../../schemas/registry.ts'
import type { Chronicle } from '../chronicle.ts'
import { monotonicMs, systemClock } from '../clock.ts'
import { startFleet } from '../fleet.ts'
import { createMeter } from '../meter.ts'
import type { Secrets } from '../registry.ts'
import { clockMs } from '../rhythm.ts'
import type { Undo } from '../undo.ts'
import type { World } from './scenario.ts'

/** Some devices of the registry as a fleet in real time, whose indications go to the chronicle. */
export function connecting(given: {
  registry: RegistryFile
  secrets: Secrets
  mqttUrl: string
  chronicle: Chronicle
  say: (line: string) => void
  over: AbortSignal
  undo: Undo
}): World['connect'] {
  const { registry, secrets, mqttUrl, chronicle, say, over, undo } = given
  return async (devices, change = {}) => {
    const sites = new Set(devices.map(({ site }) => site))
    const fleet = await startFleet({
      registry: { ...registry, devices: [...devices], sites: registry.sites.filter(({ id }) => sites.has(id)) },
      secrets,
      url: mqttUrl,
      seed: '1',
      pace: { speed: 1 },
      startWeekMs: clockMs('07:30')!,
      eventTime: 'now',
      clock: systemClock,
      meter: createMeter(monotonicMs()),
      stopped: over,
      onProblem: say,
      onIndicate: (device, indicate) => chronicle.noteShown({ device, indicate, atMs: monotonicMs() }),
      ...change,
    })
    undo.later(fleet.stop)
    return fleet
  }
}

export function pressing(registry: RegistryFile, mode: World['mode'], now: () => number): World['press'] {
  return async (fleet, device, data = {}) => {
    const atMs = now()
    const { pubackMs } = await fleet.say(device.id, {
      kind: 'alarm',
      data: { trigger: 'panic', state: 'raised', mode, ...data },
    })
    const siteName = registry.sites.find(({ id }) => id === device.site)?.name ?? device.site
    return { device: device.id, siteName, atMs, pubackMs }
  }
}

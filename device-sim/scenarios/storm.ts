import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RegistryFile } from '../../schemas/registry.ts'
import { Failure } from '../arguments.ts'
import { startChild } from '../child.ts'
import { childEnvironment } from '../config.ts'
import { writeRegistryFile } from '../registry-files.ts'
import { type Report, waysTable } from '../report.ts'
import { failuresOf, isTold, type Way, wayOf } from '../way.ts'
import { limitMs, patienceMs, type Scenario, subBureau, type World } from './scenario.ts'

/** All schools and kindergartens are pressed at the same moment while the rest of the zone talks. */
export const storm: Scenario = {
  summary: '25 schools pressed at once, with --background N events/s beside it',
  centres: [{ id: 'command-centre', level: 0 }, subBureau],
  anywhere: false,
  run: async world => {
    const { registry, chronicle, levelZero } = world
    const schools = registry.sites.filter(({ kind }) => kind === 'school' || kind === 'kindergarten')
    const buttons = schools.map(
      ({ id }) => registry.devices.find(({ site, kind }) => site === id && kind === 'panic-button')!,
    )
    const fleet = await world.connect(buttons)
    const background = world.background > 0 ? await startBackground(world) : undefined
    world.say(`pressing ${buttons.length} buttons at once`)
    const presses = await Promise.all(buttons.map(button => world.press(fleet, button)))
    const ways = () => presses.map(press => wayOf(press, chronicle.told, chronicle.shown))
    await chronicle.until(
      () => ways().every(way => isTold(way, levelZero) && way.shownMs.delivered !== undefined),
      patienceMs,
      world.over,
    )
    const rate = await background?.()
    return judgeStorm(ways(), levelZero, rate)
  },
}

export type Rate = { asked: number; pubacked: number; summary: readonly string[] }

export function judgeStorm(ways: readonly Way[], centres: readonly string[], rate: Rate | undefined): Report {
  const ids = new Set(ways.flatMap(({ alarms }) => alarms))
  const failures = ways.flatMap(way => failuresOf(way, centres, limitMs))
  if (ids.size !== ways.length) failures.push(`${ids.size} alarms for ${ways.length} presses`)
  const lines = [`${ids.size} alarms of ${ways.length} presses`, '', ...waysTable(ways, centres)]
  if (rate !== undefined) {
    lines.push('', `background: ${rate.pubacked} events/s pubacked of ${rate.asked} asked for`, ...rate.summary)
    // Without its background it shows nothing.
    if (rate.pubacked < rate.asked * 0.9)
      failures.push(
        `the background came to ${rate.pubacked} of ${rate.asked} events/s: this machine is too busy for it`,
      )
  }
  return { lines, failures }
}

const settleLaps = 2
const settleMs = 60_000

/** The rest of the zone in a process of its own, so that it does not slow the clock that measures. Returns what ends it. */
async function startBackground(world: World): Promise<() => Promise<Rate>> {
  const { zone, background: asked } = world
  if (zone === undefined) throw new Failure('a background needs a gateway of our own')
  const registryPath = join(zone.directory, 'background.yaml')
  await writeRegistryFile(registryPath, withoutButtons(zone.registry), 'The fleet without its buttons')
  let pubacked = 0
  let laps = 0
  const settled = Promise.withResolvers<void>()
  const summary: string[] = []
  const child = startChild(
    process.execPath,
    [
      fileURLToPath(new URL('../main.ts', import.meta.url)),
      ...['run', '--registry', registryPath, '--secrets', zone.paths.secretsPath],
      ...['--url', zone.gateway.mqttUrl, '--rate', String(asked), '--minutes', '10'],
    ],
    {
      env: childEnvironment({}),
      cwd: zone.directory,
      onLine: line => {
        const lap = /^published \d+\/s +pubacked (\d+)\/s/.exec(line)
        if (lap !== null) {
          pubacked = Number(lap[1])
          laps += 1
          world.say(`background ${line}`)
          if (laps >= settleLaps) settled.resolve()
        } else if (/^(published|pubacked|failed|puback|duration) /.test(line)) summary.push(`  ${line}`)
      },
    },
  )
  world.later(() => child.end(2000))
  const late = setTimeout(() => settled.resolve(), settleMs)
  const how = await Promise.race([settled.promise, child.ended])
  clearTimeout(late)
  if (how !== undefined) throw new Failure(`the background ${how}. Its last lines:\n${child.tail().join('\n')}`)
  return async () => {
    const reached = pubacked
    await child.end(20_000)
    return { asked, pubacked: reached, summary }
  }
}

const withoutButtons = (registry: RegistryFile): RegistryFile => ({
  ...registry,
  devices: registry.devices.filter(({ kind }) => kind !== 'panic-button'),
})

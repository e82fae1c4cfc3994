import { at, crashPoints, deskWrites, ownWrites, stages, steps, writes } from './crash-points.ts'
import { daysPerWorld, type Simulated } from './simulate.ts'

/** What came of some worlds, for a person. */
export function summaryOf(worlds: readonly Simulated[], tookMs: number): string {
  const sum = (of: (world: Simulated) => number) => worlds.reduce((total, world) => total + of(world), 0)
  const crashes = crashesOf(worlds)
  const days = sum(world => world.days)
  const count = (point: string) => crashes.get(point) ?? 0
  const byWrite = [...Object.values(writes), ...Object.values(deskWrites), ...Object.values(ownWrites)].map(
    write =>
      `  ${write}: ${stages
        .filter(stage => crashPoints.includes(at(write, stage)))
        .map(stage => `${count(at(write, stage))} ${stage}`)
        .join(', ')}`,
  )
  const total = [...crashes].reduce((sum, [point, count]) => (point.endsWith(': fails') ? sum : sum + count), 0)
  return [
    `simulated ${days} days of ${worlds.length} worlds in ${(tookMs / 1000).toFixed(1)} s (${Math.round((days / tookMs) * 1000)} days/s, ${sum(({ steps }) => steps)} steps):`,
    `  ${sum(({ events }) => events)} publishes, ${sum(({ alarms }) => alarms)} alarms, ${sum(({ attempts }) => attempts)} attempts, ${sum(({ commits }) => commits)} commits,`,
    `  ${sum(({ failedCommits }) => failedCommits)} commits failed (${sum(({ reappeared }) => reappeared)} were there after the crash), ${sum(({ stops }) => stops)} stops, ${sum(({ clockSteps }) => clockSteps)} times the clock was set`,
    `${total} crashes:`,
    ...byWrite,
    ...Object.values(steps).map(step => `  ${step}: ${count(step)}`),
    `  anywhere: ${count('anywhere')}`,
  ].join('\n')
}

export function crashesOf(worlds: readonly Simulated[]): Map<string, number> {
  const crashes = new Map<string, number>()
  for (const world of worlds)
    for (const [point, count] of world.crashes) crashes.set(point, (crashes.get(point) ?? 0) + count)
  return crashes
}

/** What was broken in a traced world, how to see it again, and what happened to whom it is about. */
export function failureOf({ seed, days, broken, trace }: Simulated): string {
  const about = new Set(['gateway', 'disk', 'clock', ...broken.flatMap(({ about }) => about)])
  const lines = trace.filter(line => about.has(line.about) || about.has(line.id))
  return [
    `seed ${seed} breaks on its day ${days}:`,
    ...broken.map(({ message }) => `  ${message}`),
    `again: ${againOf(seed, days)}`,
    ...lines.slice(-linesShown).map(({ at, about, what, id }) => `  ${clockOf(at)} ${about} ${what} ${id}`),
  ].join('\n')
}

/** In fewer days than that it doesn't happen. */
const againOf = (seed: number, days: number): string =>
  `GATEHOUSE_SIM_SEED=${seed}${days > daysPerWorld ? ` GATEHOUSE_SIM_DAYS=${days}` : ''} npx vitest run --config test/vitest.config.ts test/simulation`

const linesShown = 60
const clockOf = (ms: number): string => `day ${Math.floor(ms / 86_400_000)} ${new Date(ms).toISOString().slice(11, -1)}`

/** All points to die at, for the README. */
export function tableOf(): string {
  const rows = [...Object.values(writes), ...Object.values(deskWrites), ...Object.values(ownWrites)].map(
    write => `| ${write} | ${stages.map(stage => (crashPoints.includes(at(write, stage)) ? '×' : '')).join(' | ')} |`,
  )
  const others = Object.values(steps).map(step => `| ${step} | | | | |`)
  return [`| | ${stages.join(' | ')} |`, '| --- | --- | --- | --- | --- |', ...rows, ...others].join('\n')
}

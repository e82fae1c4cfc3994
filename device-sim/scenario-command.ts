import { type Command, numberOf, readArguments, required, UsageError } from './arguments.ts'
import { monotonicMs } from './clock.ts'
import { reportText } from './report.ts'
import { deadEndpoint } from './scenarios/dead-endpoint.ts'
import { drill } from './scenarios/drill.ts'
import { duress } from './scenarios/duress.ts'
import { flapping } from './scenarios/flapping.ts'
import { givenWorld } from './scenarios/given-world.ts'
import { ownWorld } from './scenarios/own-world.ts'
import { press } from './scenarios/press.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { silent } from './scenarios/silent.ts'
import { storm } from './scenarios/storm.ts'
import { createScreen } from './screen.ts'
import { stopOnSignal } from './stopping.ts'
import { createUndo } from './undo.ts'

const scenarios: Readonly<Record<string, Scenario>> = {
  press,
  storm,
  flapping,
  silent,
  duress,
  drill,
  'dead-endpoint': deadEndpoint,
}

const names = (of: (scenario: Scenario) => boolean) =>
  Object.entries(scenarios)
    .filter(([, scenario]) => of(scenario))
    .map(([name]) => name)
    .join(', ')

const help = `npm run sim -- scenario NAME [--background N] [--verbose] …

Starts a gateway, dispatch centres and devices of its own, lets the story happen, and reports. Exit code 1 when it did not
go as it must.

${Object.entries(scenarios)
  .map(([name, { summary }]) => `  ${name.padEnd(15)}${summary}`)
  .join('\n')}

  --self-contained all of its own (default)
  --background N   storm: so many events/s of the other devices meanwhile (default: 0)
  --influx         write to InfluxDB meanwhile, where there is one
  --verbose        print each message and each step as it comes

Against a gateway that is there (${names(({ anywhere }) => anywhere)}). Presses are tests then:
  --url URL        where it listens; this is what asks for it
  --api URL        default: http://127.0.0.1:8080
  --token TEXT     a dispatcher's token: alarms are closed by the API
  --by NAME        who acts (default: simulator)
  --registry FILE  default: registry.yaml
  --secrets FILE   default: secrets.json`

async function run([name, ...argv]: string[]): Promise<number> {
  const isHelp = name === undefined || name === '--help' || name === '-h'
  const values = readArguments(isHelp ? ['--help'] : argv, {
    background: { type: 'string', default: '0' },
    influx: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    'self-contained': { type: 'boolean', default: false },
    registry: { type: 'string', default: 'registry.yaml' },
    secrets: { type: 'string', default: 'secrets.json' },
    url: { type: 'string' },
    api: { type: 'string', default: 'http://127.0.0.1:8080' },
    token: { type: 'string' },
    by: { type: 'string', default: 'simulator' },
  })
  if (values === undefined || name === undefined) {
    console.log(help)
    return 0
  }
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
  if (scenario === undefined) throw new UsageError(`no scenario "${name}": there is ${names(() => true)}`)
  if (values.url !== undefined && (values['self-contained'] || !scenario.anywhere))
    throw new UsageError(`${name} starts a gateway of its own: leave out --url`)
  const background = numberOf(values.background, '--background', { min: 0, max: 1_000_000 })
  const stopped = stopOnSignal(monotonicMs)
  const { say } = createScreen(process.stdout)
  const undo = createUndo(error => console.error(error))
  try {
    const world =
      values.url === undefined
        ? await ownWorld(scenario, { background, influx: values.influx, verbose: values.verbose, say, stopped }, undo)
        : await givenWorld(
            {
              ...values,
              url: values.url,
              token: required(values.token, '--token', 'a token with the role dispatcher'),
            },
            { say, stopped },
            undo,
          )
    if (world === undefined) return 1
    const report = await scenario.run(world)
    world.zone?.blame()
    if (stopped.aborted) return 1
    say(reportText(name, report))
    return report.failures.length === 0 ? 0 : 1
  } finally {
    await undo.all()
  }
}

export const scenarioCommand: Command = { summary: 'one story with a report: press, storm, silent …', help, run }

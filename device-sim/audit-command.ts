import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Command, Failure, numberOf, readArguments, required } from './arguments.ts'
import { auditInThread } from './audit/audit-thread.ts'
import { auditText } from './audit/report.ts'
import { systemClock } from './clock.ts'
import { influxPasswordFromEnvironment } from './config.ts'

const help = `npm run sim -- audit --ledger DIR [--influx-url URL] [--api URL --token TEXT] [--book FILE] …

Compares the ledger of "run --ledger" with what came of it: every pubacked event is in InfluxDB once and as it was said, the
API's sums hold, every press was told to the receiver. What isn't named is not asked. Exit code 1 where an event is lost,
doubled or altered, an alarm missing or doubled, a signature bad or a sum broken; late or out of order is only reported.

  --ledger DIR       what "run --ledger DIR" wrote
  --influx-url URL   where the gateway writes to
  --influx-database NAME   default: gatehouse
  --influx-username NAME   its password: GATEHOUSE_INFLUX_PASSWORD
  --api URL          the gateway's HTTP API, with --token TEXT of a viewer
  --book FILE        what "receiver --book FILE" wrote
  --late S           an alarm is late when it is told more than S s after the press (default: 5)
  --outages FILE     JSON: [{"fromMs", "toMs", "what"}], ms since 1970; deadlines don't count in them
  --settle S         what was pubacked in the last S s may still be on its way (default: 10)
  --json             print the whole finding as JSON

Takes as much room in the temporary directory as ledger and points together, and less than 256 MiB of memory, however
long the ledger is.`

const Outages = z.array(z.object({ fromMs: z.number(), toMs: z.number(), what: z.string() }))

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    ledger: { type: 'string' },
    book: { type: 'string' },
    'influx-url': { type: 'string' },
    'influx-database': { type: 'string', default: 'gatehouse' },
    'influx-username': { type: 'string' },
    api: { type: 'string' },
    token: { type: 'string' },
    late: { type: 'string', default: '5' },
    outages: { type: 'string' },
    settle: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const seconds = { min: 0, max: 1_000_000 }
  const report = await auditInThread({
    ledger: required(values.ledger, '--ledger', 'the directory that "run --ledger" wrote'),
    book: values.book,
    influx:
      values['influx-url'] === undefined
        ? undefined
        : {
            url: values['influx-url'],
            database: values['influx-database'],
            username: values['influx-username'],
            password: influxPasswordFromEnvironment(),
          },
    api:
      values.api === undefined
        ? undefined
        : { url: values.api, token: required(values.token, '--token', 'a token with the role viewer') },
    lateAfterMs: numberOf(values.late, '--late', seconds) * 1000,
    outages: values.outages === undefined ? [] : await readOutages(values.outages),
    settledMs: systemClock() - numberOf(values.settle, '--settle', seconds) * 1000,
  })
  console.log(values.json ? JSON.stringify(report) : auditText(report))
  return report.passed ? 0 : 1
}

async function readOutages(path: string) {
  try {
    return Outages.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new Failure(`the outages ${path} can't be read: ${(error as Error).message.split('\n')[0]}`)
  }
}

export const auditCommand: Command = {
  summary: 'the ledger against InfluxDB, the API and the receiver’s book',
  help,
  run,
}

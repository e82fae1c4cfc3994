import { type Command, numberOf, readArguments, required } from './arguments.ts'
import { monotonicMs, systemClock } from './clock.ts'
import { dispatchSecretFromEnvironment } from './config.ts'
import { type Received, startReceiver } from './receiver.ts'
import { stopOnSignal, untilStopped } from './stopping.ts'

const help = `npm run sim -- receiver --secret whsec_… [--port N] [--host ADDRESS] …

A dispatch centre: verifies each webhook's signature, prints one line per message, answers with an incident number.

  --secret TEXT    the gateway's GATEHOUSE_DISPATCH_SECRET (default: the variable of that name)
  --port N         default: 0, any free port; it is printed
  --host ADDRESS   default: 127.0.0.1
  --answer STATUS  answer good messages with this status, to try out the gateway's retries (default: 200)
  --acknowledge    say in the reply that the alarm is taken over
  --json           print each message as one JSON line`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    secret: { type: 'string' },
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    answer: { type: 'string', default: '200' },
    acknowledge: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const stopped = stopOnSignal(monotonicMs)
  const receiver = await startReceiver({
    host: values.host,
    port: numberOf(values.port, '--port', { min: 0, max: 65_535, whole: true }),
    secret: required(
      values.secret ?? dispatchSecretFromEnvironment(),
      '--secret',
      'give the gateway’s signing secret here or in GATEHOUSE_DISPATCH_SECRET',
    ),
    answer: numberOf(values.answer, '--answer', { min: 200, max: 599, whole: true }),
    acknowledge: values.acknowledge,
    now: systemClock,
    onMessage: received => console.log(values.json ? asJson(received) : describe(received)),
    onRefused: ({ status, reason }) => console.error(`refused with ${status}: ${reason}`),
  })
  console.error(`dispatch centre at ${receiver.url}; stop it with Ctrl-C`)
  await untilStopped(stopped)
  await receiver.close()
  return 0
}

/** `alarm.raised  第一小学, 门卫室  panic (actual)  23 ms after the press`. */
export function describe({ message, arrivedAtMs, status, repeated }: Received): string {
  const { alarm, fault } = message.data
  const marks = `${status < 300 ? '' : `  answered ${status}`}${repeated ? '  (repeated)' : ''}`
  if (alarm !== undefined) {
    const place = [alarm.site.name, alarm.device.placement].filter(Boolean).join(', ')
    const afterMs = arrivedAtMs - Date.parse(alarm.raisedAt)
    const mode = alarm.mode === 'actual' ? 'actual' : alarm.mode.toUpperCase()
    return `${message.type}  ${place}  ${alarm.trigger} (${mode})  ${afterMs} ms after the press${marks}`
  }
  return `${message.type}  ${message.subject}${fault === undefined ? '' : `  ${fault.code}: ${fault.message}`}${marks}`
}

const asJson = ({ message, arrivedAtMs, status, repeated }: Received): string =>
  JSON.stringify({ arrivedAt: new Date(arrivedAtMs).toISOString(), status, repeated, message })

export const receiverCommand: Command = { summary: 'a dispatch centre that verifies and prints', help, run }

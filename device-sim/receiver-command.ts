import { createApi } from './api-client.ts'
import { type Command, numberOf, readArguments, required } from './arguments.ts'
import { openBook } from './book/receivers-book.ts'
import { monotonicMs, systemClock } from './clock.ts'
import { dispatchSecretFromEnvironment } from './config.ts'
import { createPlayer, type Played, playedText } from './playing.ts'
import { playFlags, playOf } from './playing-flags.ts'
import { type Received, startReceiver } from './receiver.ts'
import { stopOnSignal, untilStopped } from './stopping.ts'

const help = `npm run sim -- receiver --secret whsec_… [--port N] [--host ADDRESS] …

A dispatch centre: verifies each webhook's signature, prints one line per message, answers with an incident number.

  --secret TEXT    the gateway's GATEHOUSE_DISPATCH_SECRET (default: the variable of that name)
  --port N         default: 0, any free port; it is printed
  --host ADDRESS   default: 127.0.0.1
  --acknowledge    say in the reply that the alarm is taken over
  --json           print each message as one JSON line
  --book FILE      write down each request before it is answered, for npm run sim -- audit; goes on where it was

It can act like the people in it, by the gateway's API. Seconds count from the step before:
  --play                  all four steps: 2, 2, 3 and 3 s
  --acknowledge-after S   --dispatch-after S   --arrive-after S   --close-after S
                          these steps, or with --play these instead of its own times
  --api URL               default: http://127.0.0.1:8080
  --token TEXT            a dispatcher's token
  --by NAME               who acts (default: duty officer)

Or misbehave, to try out the gateway:
  --sleep          accept all, take nothing over
  --late S         answer after so many seconds
  --die-after N    be gone after so many messages
  --answer STATUS  answer good messages with this status (default: 200)
  --garbage        answer 200 with garbage`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    secret: { type: 'string' },
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    answer: { type: 'string', default: '200' },
    acknowledge: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    book: { type: 'string' },
    late: { type: 'string' },
    'die-after': { type: 'string' },
    garbage: { type: 'boolean', default: false },
    ...playFlags,
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const steps = playOf(values)
  const player =
    steps.length === 0
      ? undefined
      : createPlayer({
          api: createApi({
            url: values.api,
            token: required(values.token, '--token', 'a token with the role dispatcher, to act by the API'),
          }),
          by: values.by,
          steps,
          now: monotonicMs,
          onStep: played => console.log(actedText(played)),
        })
  const stopped = stopOnSignal(monotonicMs)
  const book = values.book === undefined ? undefined : openBook(values.book)
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
    misbehaviour: {
      garbage: values.garbage,
      ...(values.late === undefined ? {} : { lateMs: numberOf(values.late, '--late', { min: 0, max: 3600 }) * 1000 }),
      ...(values['die-after'] === undefined
        ? {}
        : { dieAfter: numberOf(values['die-after'], '--die-after', { min: 1, max: 1_000_000, whole: true }) }),
    },
    now: systemClock,
    onMessage: received => {
      book?.received(received)
      console.log(values.json ? asJson(received) : describe(received))
      if (!received.repeated && received.status < 300) player?.note(received.message)
    },
    onRefused: refused => {
      book?.refused(refused)
      console.error(`refused with ${refused.status}: ${refused.reason}`)
    },
  })
  console.error(`dispatch centre at ${receiver.url}; stop it with Ctrl-C`)
  const died = await Promise.race([untilStopped(stopped).then(() => false), receiver.ended.then(() => true)])
  if (died) console.error(`died after ${values['die-after']} messages, as told`)
  player?.stop()
  await receiver.close()
  book?.close()
  return 0
}

/** `alarm.raised  第一小学, 门卫室  panic (actual)  23 ms after the press`. */
export function describe({ message, arrivedAtMs, status, repeated }: Received): string {
  const { alarm, fault, device, site } = message.data
  const marks = `${status < 300 ? '' : `  answered ${status}`}${repeated ? '  (repeated)' : ''}`
  if (alarm !== undefined) {
    const place = [alarm.site.name, alarm.device.placement].filter(Boolean).join(', ')
    const afterMs = arrivedAtMs - Date.parse(alarm.raisedAt)
    const mode = alarm.mode === 'actual' ? 'actual' : alarm.mode.toUpperCase()
    const level = alarm.escalationLevel === 0 ? '' : `  level ${alarm.escalationLevel}`
    return `${message.type}  ${place}  ${alarm.trigger} (${mode})${level}  ${afterMs} ms after the press${marks}`
  }
  const about =
    fault !== undefined
      ? `  ${fault.code}: ${fault.message}`
      : device !== undefined
        ? `  ${device.name}${device.flapping ? ', flapping' : ''}`
        : site !== undefined
          ? `  ${site.name}, ${site.deviceCount} devices`
          : ''
  return `${message.type}  ${message.subject}${about}${marks}`
}

export const actedText = (played: Played): string => `acted         ${played.alarm.site.name}  ${playedText(played)}`

const asJson = ({ message, arrivedAtMs, status, repeated }: Received): string =>
  JSON.stringify({ arrivedAt: new Date(arrivedAtMs).toISOString(), status, repeated, message })

export const receiverCommand: Command = {
  summary: 'a dispatch centre that verifies and prints, plays or misbehaves',
  help,
  run,
}

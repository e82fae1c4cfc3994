import { modes, triggers } from '../schemas/events/alarm.ts'
import { type Command, numberOf, oneOf, readArguments, required } from './arguments.ts'
import { systemClock } from './clock.ts'
import { indicateText } from './indicate.ts'
import { buttonOf, type PressProgress, press, secretOf } from './press.ts'
import { readRegistry, readSecrets } from './registry-files.ts'

const help = `npm run sim -- press --site ID [--device ID] [--trigger …] [--mode …] [--state …]

Publishes one alarm event as the site's panic button, and prints the puback's latency, the gateway's ack and what the
button then shows: each stage of its alarm as the gateway tells it, until the alarm is closed or the time is over.

  --site ID        like school-01
  --device ID      another device of the site (default: its first panic button)
  --trigger        ${triggers.join('|')} (default: panic)
  --mode           ${modes.join('|')} (default: actual)
  --state          raised|restored (default: raised)
  --seconds N      how long to watch what the button shows (default: 10; 0: not at all)
  --registry FILE  default: registry.yaml
  --secrets FILE   default: secrets.json
  --url URL        default: mqtt://127.0.0.1:1883`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    site: { type: 'string' },
    device: { type: 'string' },
    trigger: { type: 'string', default: 'panic' },
    mode: { type: 'string', default: 'actual' },
    state: { type: 'string', default: 'raised' },
    seconds: { type: 'string', default: '10' },
    registry: { type: 'string', default: 'registry.yaml' },
    secrets: { type: 'string', default: 'secrets.json' },
    url: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const siteId = required(values.site, '--site', 'name the site whose button is pressed, like --site school-01')
  const alarm = {
    trigger: oneOf(values.trigger, '--trigger', triggers),
    mode: oneOf(values.mode, '--mode', modes),
    state: oneOf(values.state, '--state', ['raised', 'restored']),
  }
  const watchMs = numberOf(values.seconds, '--seconds', { min: 0, max: 86_400 }) * 1000
  const { site, device } = buttonOf(await readRegistry(values.registry), siteId, values.device)
  const secret = secretOf(await readSecrets(values.secrets), device)
  console.log(`${alarm.trigger} ${alarm.state} (${alarm.mode}) at ${site.name}, ${device.placement ?? device.id}`)
  const pressed = await press({
    url: values.url,
    device,
    secret,
    alarm,
    clock: systemClock,
    watchMs,
    onProgress: progress => console.log(progressText(progress)),
  })
  console.log(`event  ${pressed.eventId}`)
  if (watchMs > 0)
    console.log(
      pressed.firstIndicateMs === undefined
        ? `the button showed nothing new within ${watchMs / 1000} s`
        : `press → first indication ${pressed.firstIndicateMs.toFixed(1)} ms`,
    )
  return pressed.ack?.result === 'rejected' ? 1 : 0
}

export function progressText(progress: PressProgress): string {
  switch (progress.what) {
    case 'pubacked':
      return `puback ${progress.afterMs.toFixed(1)} ms: it is on the gateway's disk`
    case 'acked': {
      const { ack } = progress
      if (ack === undefined) return 'ack    none came (the puback stands)'
      return `ack    ${ack.result}, journal entry ${ack.seq}${ack.reason === undefined ? '' : `: ${ack.reason}`}`
    }
    case 'indicated': {
      const when = progress.afterMs === undefined ? 'since an earlier press' : `${progress.afterMs.toFixed(1)} ms`
      return `button ${indicateText(progress.indicate)} (${when})`
    }
  }
}

export const pressCommand: Command = { summary: "press a site's panic button", help, run }

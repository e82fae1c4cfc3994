import { modes, triggers } from '../schemas/events/alarm.ts'
import { type Command, oneOf, readArguments, required } from './arguments.ts'
import { systemClock } from './clock.ts'
import { buttonOf, press, secretOf } from './press.ts'
import { readRegistry, readSecrets } from './registry-files.ts'

const help = `npm run sim -- press --site ID [--device ID] [--trigger …] [--mode …] [--state …]

Publishes one alarm event as the site's panic button, and prints the puback's latency and the gateway's ack.

  --site ID        like school-01
  --device ID      another device of the site (default: its first panic button)
  --trigger        ${triggers.join('|')} (default: panic)
  --mode           ${modes.join('|')} (default: actual)
  --state          raised|restored (default: raised)
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
  const { site, device } = buttonOf(await readRegistry(values.registry), siteId, values.device)
  const secret = secretOf(await readSecrets(values.secrets), device)
  const pressed = await press({ url: values.url, device, secret, alarm, clock: systemClock })
  console.log(`${alarm.trigger} ${alarm.state} (${alarm.mode}) at ${site.name}, ${device.placement ?? device.id}`)
  console.log(`event  ${pressed.eventId}`)
  console.log(`puback ${pressed.pubackMs.toFixed(1)} ms: it is on the gateway's disk`)
  const { ack } = pressed
  console.log(
    ack === undefined
      ? 'ack    none came (the puback stands)'
      : `ack    ${ack.result}, journal entry ${ack.seq}${ack.reason === undefined ? '' : `: ${ack.reason}`}`,
  )
  return ack?.result === 'rejected' ? 1 : 0
}

export const pressCommand: Command = { summary: "press a site's panic button", help, run }

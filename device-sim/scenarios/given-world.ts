import type { Alarm } from '../../schemas/alarm.ts'
import { createApi } from '../api-client.ts'
import { type Chronicle, createChronicle } from '../chronicle.ts'
import { monotonicMs, systemClock } from '../clock.ts'
import { createPlayer, type Player, playedText } from '../playing.ts'
import { readRegistry, readSecrets } from '../registry-files.ts'
import type { Undo } from '../undo.ts'
import { connecting, pressing } from './devices.ts'
import { quickPlay, type World } from './scenario.ts'

export type Given = { registry: string; secrets: string; url: string; api: string; token: string; by: string }

/**
 * A gateway that is there, with devices and endpoints that may be real: presses are tests unless the story says otherwise,
 * and are taken through to the close by the API. What it told is read from the alarms' histories.
 */
export async function givenWorld(
  given: Given,
  options: { say: (line: string) => void; stopped: AbortSignal },
  undo: Undo,
): Promise<World> {
  const { say, stopped } = options
  const registry = await readRegistry(given.registry)
  const secrets = await readSecrets(given.secrets)
  const api = createApi({ url: given.api, token: given.token })
  const chronicle = createChronicle()
  const player = createPlayer({
    api,
    by: given.by,
    steps: quickPlay,
    now: monotonicMs,
    onStep: played => say(playedText(played)),
  })
  undo.later(async () => player.stop())
  const since = systemClock()
  const pressed = new Set<string>()
  const watch = followHistories({ chronicle, player, since, read: site => api.alarmsOf(site), sites: pressed, say })
  undo.later(async () => watch.stop())
  const press = pressing(registry, 'test', monotonicMs)
  return {
    registry,
    mqttUrl: given.url,
    api,
    chronicle,
    levelZero: [],
    zone: undefined,
    mode: 'test',
    background: 0,
    say,
    over: stopped,
    connect: connecting({ registry, secrets, mqttUrl: given.url, chronicle, say, over: stopped, undo }),
    press: async (fleet, device, data) => {
      pressed.add(device.site)
      return await press(fleet, device, data)
    },
    later: undo.later,
  }
}

const pollMs = 100

/** Notes each line of the histories as if its message had come: `delivered` tells its endpoint of the alarm. */
function followHistories(options: {
  chronicle: Chronicle
  player: Player
  since: number
  sites: ReadonlySet<string>
  read: (site: string) => Promise<Alarm[]>
  say: (line: string) => void
}): { stop: () => void } {
  const { chronicle, player, sites, since, read, say } = options
  const seen = new Map<string, number>()
  let stopped = false
  const look = async () => {
    for (const site of sites)
      for (const alarm of (await read(site)).filter(({ receivedAt }) => Date.parse(receivedAt) >= since)) {
        const known = seen.get(alarm.id) ?? 0
        seen.set(alarm.id, alarm.history.length)
        for (const line of alarm.history.slice(known)) {
          const atMs = monotonicMs() - (systemClock() - Date.parse(line.at))
          if (line.what === 'raised') player.note(messageOf(alarm, 'alarm.raised'))
          else if (line.what === 'delivered')
            chronicle.noteTold({ centre: line.by ?? '?', message: messageOf(alarm, 'alarm.raised'), atMs })
          else chronicle.noteTold({ centre: 'history', message: messageOf(alarm, `alarm.${line.what}`), atMs })
        }
      }
  }
  const loop = async () => {
    while (!stopped) {
      await look().catch(error => say((error as Error).message))
      await new Promise(resolve => setTimeout(resolve, pollMs))
    }
  }
  void loop()
  return {
    stop: () => {
      stopped = true
    },
  }
}

const messageOf = (
  alarm: Alarm,
  type: 'alarm.raised' | `alarm.${Exclude<Alarm['history'][number]['what'], 'raised' | 'delivered'>}`,
) =>
  ({
    specversion: '1.0',
    id: '',
    source: 'history',
    type,
    time: '',
    subject: alarm.id,
    datacontenttype: 'application/json',
    data: { alarm },
  }) as const

import type { Alarm } from '../../schemas/alarm.ts'
import type { AlarmEvent } from '../../schemas/events/alarm.ts'
import type { Device, Site } from '../../schemas/registry.ts'
import { iso } from '../clock.ts'
import type { Entry } from '../journal/journal.ts'

/**
 * A new alarm, with site, device and context as they are now: what dispatch is told must not change afterwards.
 * A site or device that has left the registry since still raises one: then its id stands for what isn't known.
 */
export function raise(
  id: string,
  entry: Entry,
  event: AlarmEvent,
  site: Site | undefined,
  device: Device | undefined,
  recent: Alarm['context']['recent'],
): Alarm {
  return {
    id,
    trigger: event.data.trigger,
    mode: event.data.mode,
    stage: 'raised',
    escalationLevel: 0,
    pressCount: 1,
    restoredAt: null,
    raisedAt: iso(entry.at),
    receivedAt: iso(entry.receivedAt),
    incidentNo: null,
    disposition: null,
    maintenance: false,
    deadlines: {},
    history: [
      {
        at: iso(entry.at),
        what: 'raised',
        stage: 'raised',
        by: entry.device,
        eventId: event.id,
        mode: event.data.mode,
      },
    ],
    site: {
      id: entry.site,
      name: site?.name ?? entry.site,
      kind: entry.siteKind,
      address: site?.address ?? null,
      location: site?.location ?? null,
      responseMinutes: site?.responseMinutes ?? 3,
      contacts: site?.contacts ?? [],
    },
    device: {
      id: entry.device,
      name: device?.name ?? entry.device,
      kind: device?.kind ?? 'panic-button',
      placement: device?.placement ?? null,
    },
    context: { recent },
    neighbours: [],
  }
}

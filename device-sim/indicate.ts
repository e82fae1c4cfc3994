import type { Stage } from '../schemas/alarm.ts'
import { Indicate } from '../schemas/command.ts'

/** What a button with a light and a small screen shows for `command/indicate` (contract 2). */
const shown: Readonly<Record<Stage, string>> = {
  raised: 'calling for help',
  delivered: 'received',
  acknowledged: 'taken over',
  dispatched: 'on the way',
  arrived: 'help is there',
  closed: 'closed',
}

export const indicateText = ({ stage, incidentNo }: Indicate): string =>
  `${shown[stage]}${incidentNo === undefined ? '' : `, incident ${incidentNo}`}`

/** Undefined for what is no indication: a device shows nothing rather than something wrong. */
export function readIndicate(payload: Buffer): Indicate | undefined {
  try {
    return Indicate.safeParse(JSON.parse(payload.toString('utf8'))).data
  } catch {
    return undefined
  }
}

import type { Alarm } from '../../schemas/alarm.ts'
import type { AuditLine } from '../audit/line.ts'
import type { Entry, Progress, Quarantined } from '../journal/journal.ts'
import type { Log } from '../log.ts'
import type { Receipt } from './action.ts'
import type { DeadlinePlan } from './deadlines.ts'
import type { Surroundings } from './decide.ts'
import type { Settled } from './delivery.ts'
import type { Draft } from './draft.ts'
import type { Message } from './message.ts'
import type { Legs } from './response.ts'

/** What the desk stands on: the journal it reads, the place its decisions go to, whom it tells. */
export type DeskStore<Due> = {
  readAlarms(after: number, limit: number): Promise<{ entries: Entry[]; upTo: number; passed: number }>
  commit(change: DeskChange): Promise<Due[]>
}

/** `openings`: alarms that are new; `alarms`: as they are now; `lines`: to be added to their histories, in order. */
export type DeskChange = {
  openings: Alarm[]
  alarms: Alarm[]
  lines: { alarm: string; line: Alarm['history'][number] }[]
  messages: Message[]
  settled: Settled[]
  /** Alarms that were closed: nothing more of them is delivered but the closing. */
  responses: { alarm: Alarm; legs: Legs }[]
  receipts: (Receipt & { at: number; answer: string })[]
  /** Who did it: of people's steps only. */
  audit: AuditLine[]
  progress: Progress | null
  /** The clock was set by so much: what is due moves with it. */
  clockMovedMs?: number
}

export type DeskOptions<Due> = Surroundings & {
  cursor: number
  open: Alarm[]
  store: DeskStore<Due>
  /** Who is told at an escalation level: at 0 the endpoints of the lowest level there is, with each level the next ones too. */
  endpoints: (escalationLevel: number) => string[]
  plan: (alarm: Alarm) => DeadlinePlan
  log: Log
  /** A person's name as the audit log may keep it. */
  pseudonym: (name: string) => string
  /** Deliveries that may be tried at once, straight after they were committed. */
  onDue: (due: Due[]) => void
  onQuarantined: (quarantined: Quarantined[]) => void
  /** Every alarm event up to this number is followed, on disk. */
  onPassed: (upTo: number) => void
  /** After it is on disk: what happened to an alarm, in order. */
  onStep: (alarm: Alarm, line: Alarm['history'][number]) => void
}

/** What came in from outside and is taken in the next turn. `answer` runs once it is on disk. */
export type Inbound = {
  settled?: Settled
  take: (draft: Draft) => (() => void) | undefined
  receipt?: () => DeskChange['receipts']
  audit?: () => AuditLine[]
}

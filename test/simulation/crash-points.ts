import type { DeskChange } from '../../gateway/alarms/desk-store.ts'
import type { Following } from '../../gateway/alarms/following.ts'
import type { WriteProcedures } from '../../gateway/sqlite/procedures.ts'
import type { Call } from '../../gateway/sqlite/writing.ts'

/**
 * Every step at which the gateway can die between two things that last: what is on disk, and what somebody outside has seen.
 * The simulation's test asserts that it died at each of them.
 *
 * Of each write there are four: asked for and not there yet; in its transaction, before COMMIT returned; committed, and the
 * answer not there; and answered, with what that set going (a PUBACK, a request, the next step) begun. And one at which it
 * lives on: COMMIT fails.
 */
export const stages = ['asked', 'in transaction', 'fails', 'committed', 'answered'] as const
export type Stage = (typeof stages)[number]

/** Each procedure of the storage thread that writes, and what it does: one that is added and not named here is a type error. */
export const writes: Record<Exclude<keyof WriteProcedures, 'commitDesk' | 'followAppended'>, string> = {
  enroll: 'start: a consumer is enrolled',
  startAudit: "start: the audit log's first line",
  beginVersion: 'start: a pseudonym key begins',
  cancelUnknown: 'start: deliveries to nobody are cancelled',
  append: 'journal: entries are appended',
  advance: 'influx: its cursor moves',
  createMessage: 'outbox: a message is stored',
  deliveryFailed: 'delivery: a failed attempt is noted',
  retainJournal: 'retention: entries go',
  retainDeliveries: 'retention: deliveries go',
  audit: 'audit: a line is added',
  retryDelivery: 'operator: a delivery is to be tried now',
  beginMaintenance: 'operator: maintenance begins',
  endMaintenance: 'operator: maintenance ends',
  testEndpoint: 'operator: an endpoint is tested',
  markReplayed: 'operator: a rejection was replayed, and is marked',
  rewriteErased: 'operator: a person is erased from entries',
  hastenDeliveries: 'operator: an endpoint has another address',
}

/** What a turn of the desk may hold; it is one transaction. */
export const deskWrites = {
  raises: 'desk: an alarm is raised',
  presses: 'desk: a press counts on an open alarm',
  settles: 'desk: a delivery is settled',
  acts: 'desk: a person takes a step',
  closes: 'desk: an alarm is closed',
  escalates: 'desk: a deadline is missed',
  moves: 'desk: the clock is moved',
  passes: 'desk: only its cursor moves',
} as const

/** Of the storage thread itself: nobody asked, nobody is answered. */
export const ownWrites = {
  held: 'journal: what a sick disk held back is tried again',
  ids: 'journal: known ids move to their table',
} as const

export const steps = {
  migrating: 'start: between two migrations',
  opened: 'start: the file is open and whole',
  ready: 'start: ready',
  arrived: 'publish: it came, nothing is asked yet',
  pubackDue: 'puback: stored, and not on its way',
  pubackSent: 'puback: on its way',
  pubackReceived: 'puback: the device has it, and nobody has read the event',
  journalRead: 'desk: it has read the journal and decides',
  swept: 'delivery: it has found what is due',
  commitFailed: 'disk: a COMMIT has failed, and what it wrote may be there all the same',
  posting: 'attempt: before the request',
  posted: 'attempt: sent, not there',
  taken: 'attempt: the endpoint has it, and has not answered',
  answered: 'attempt: answered, not settled',
  points: 'influx: points are written, its cursor has not moved',
  personAsked: 'person: the step is asked for',
  personDone: 'person: the step is done, and not answered',
  stopping: 'stop: begun',
  drained: 'stop: the journal is drained',
  toldAll: 'stop: deliveries and desk have ended',
} as const

export const at = (write: string, stage: Stage): string => `${write}: ${stage}`

export const crashPoints: readonly string[] = [
  ...Object.values(steps),
  ...[...Object.values(writes), ...Object.values(deskWrites)].flatMap(write =>
    // Each minute it is asked for, and mostly finds nothing: whether it was something shows in its transaction only.
    stages.filter(stage => stage !== 'asked' || !write.startsWith('retention')).map(stage => at(write, stage)),
  ),
  ...Object.values(ownWrites).flatMap(write => [
    at(write, 'in transaction'),
    at(write, 'fails'),
    at(write, 'committed'),
  ]),
]

/** What each part of a desk's change is; a part that is added and not judged here is a type error. */
type DeskWrite = keyof typeof deskWrites
const partOf: { [Part in keyof Required<DeskChange>]: (part: Required<DeskChange>[Part]) => DeskWrite[] } = {
  openings: openings => (openings.length > 0 ? ['raises'] : []),
  lines: lines =>
    lines.flatMap(({ line: { what } }) =>
      what === 'pressed' || what === 'restored' ? ['presses'] : what === 'escalated' ? ['escalates'] : [],
    ),
  settled: settled => (settled.length > 0 ? ['settles'] : []),
  responses: responses => (responses.length > 0 ? ['closes'] : []),
  audit: audit => (audit.length > 0 ? ['acts'] : []),
  clockMovedMs: () => ['moves'],
  // They go with one of the above.
  alarms: () => [],
  messages: () => [],
  receipts: () => [],
  progress: () => [],
}

/** What a call does, by its crash points' names. */
export function writesOf({ procedure, argument }: Pick<Call, 'procedure' | 'argument'>): string[] {
  if (procedure === 'followAppended')
    return writesOf({ procedure: 'commitDesk', argument: (argument as Following).change })
  if (procedure !== 'commitDesk') return procedure in writes ? [writes[procedure as keyof typeof writes]] : []
  const found = new Set(
    Object.entries(argument as DeskChange).flatMap(([part, value]) =>
      value === undefined ? [] : partOf[part as keyof DeskChange](value as never),
    ),
  )
  return found.size > 0 ? [...found].map(write => deskWrites[write]) : [deskWrites.passes]
}

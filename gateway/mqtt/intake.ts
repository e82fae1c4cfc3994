import type { PublishPacket } from 'aedes'
import type { Ack } from '../../schemas/ack.ts'
import { type Clock, iso } from '../clock.ts'
import type { Registry } from '../devices/registry.ts'
import type { Journal, Outcome, Publish } from '../journal/journal.ts'
import { admit, type Verdict } from './admit.ts'
import { leafOf } from './authorize.ts'
import type { Session } from './session.ts'

export type IntakeOptions = {
  journal: Journal
  registry: () => Registry
  clock: Clock
  retentionMs: number
  maxPayloadBytes: number
  /** Any packet of a device is a sign of life. */
  onSeen: (device: string, at: number) => void
  sendAck: (topic: string, ack: Ack) => void
}

/**
 * In packets, beside its own, of what those who have more to say than their turn may (guards/allowance.ts): an alarm is followed
 * and told of, and what is wrong with a payload takes longer to say than that it is right.
 */
const alarmCosts = 3
const rejectionCosts = 2

/**
 * The way of a publish into the journal. `done` is what lets the PUBACK go: it is called once the entry is on disk, in the
 * order of the publishes, as the journal answers in order [MQTT-4.6.0-2]. With an error the connection ends and the device
 * sends again when it is back; so a bad payload is no error, it is kept as a rejection and acknowledged.
 */
export class Intake {
  readonly #options: IntakeOptions
  #taking = true

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  stopTaking(): void {
    this.#taking = false
  }

  /** Never throws. `fromWill`: the gateway says it for a device that is gone, so it is no sign of life. */
  take(
    session: Session | null | undefined,
    packet: PublishPacket,
    fromWill: boolean,
    done: (error?: Error) => void,
  ): void {
    const { journal, registry, clock, retentionMs, maxPayloadBytes, onSeen } = this.#options
    const { identity } = session ?? {}
    const leaf = identity === undefined ? undefined : leafOf(identity, packet.topic)
    if (!session || identity?.role !== 'device' || leaf === undefined) {
      done(new Error('foreign topic'))
      return
    }
    const sent = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload)
    if (sent.length > maxPayloadBytes) {
      done(new Error('payload too large'))
      return
    }
    // Neither taken nor refused: an error would end the connection while PUBACKs of earlier publishes are on their way.
    if (!this.#taking) return
    // `retain` on device topics is ignored (contract 2).
    packet.retain = false
    const receivedAt = clock()
    if (!fromWill) onSeen(identity.device, receivedAt)
    const payload = ownCopy(leaf, sent)
    const verdict = admit(leaf, payload, receivedAt, retentionMs)
    const siteKind = registry().device(identity.device)?.siteKind ?? 'checkpoint'
    // Field by field: spread out of two, it costs each publish another object.
    const { device, site } = identity
    const { deviceSeq, buffered } = verdict
    const publish: Publish =
      'reason' in verdict
        ? {
            receivedAt,
            site,
            siteKind,
            device,
            payload,
            fromWill,
            deviceSeq,
            buffered,
            topic: packet.topic.slice(0, 256),
            reason: verdict.reason,
          }
        : {
            receivedAt,
            site,
            siteKind,
            device,
            payload,
            fromWill,
            deviceSeq,
            buffered,
            kind: verdict.kind,
            id: verdict.id,
            at: verdict.at,
            skewMs: verdict.skewMs,
          }
    session.reader.began(
      payload.length,
      'reason' in verdict ? rejectionCosts : verdict.kind === 'alarm' ? alarmCosts : 0,
    )
    journal.append(publish, (error, outcome) => {
      session.reader.ended(payload.length)
      if (error !== null || outcome === undefined) {
        done(error ?? new Error('no outcome'))
        return
      }
      done()
      const topic = session.ackTopic
      if (topic !== undefined) this.#options.sendAck(topic, ackOf(verdict, outcome, clock()))
    })
  }
}

/** The payload came as a view of its whole 64 KiB chunk and would hold that in memory. A heartbeat of nothing is one of `{}`: entries are JSON. */
const ownCopy = (leaf: string, sent: Buffer): Buffer =>
  leaf === 'heartbeat' && sent.length === 0 ? Buffer.from('{}') : (Uint8Array.prototype.slice.call(sent) as Buffer)

const ackOf = (verdict: Verdict, { result, seq }: Outcome, now: number): Ack => ({
  id: verdict.id,
  result,
  seq,
  ...('reason' in verdict ? { reason: verdict.reason } : {}),
  now: iso(now),
})

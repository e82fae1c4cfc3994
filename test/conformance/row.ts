import { type ConnectOptions, connack, connect } from './packets.ts'

/** One sequence of packets, and the clause of MQTT 3.1.1 (`MQTT-…`, or a section) that says how it goes. */
export type Row = { clause: string; what: string; steps: Step[] }

/** `who`: a connection, opened where it is first named. What is got is compared byte by byte, and nothing else may come before it. */
export type Step = { who: string } & (
  | { sends: Buffer }
  | { gets: Buffer }
  /** The server closes the connection, and sends nothing more. */
  | { isClosed: true }
  /** It closes the connection itself, with no DISCONNECT. */
  | { drops: true }
  /** PINGREQ is answered, and nothing came before that. */
  | { lives: true }
)

export const peer = (who: string) => ({
  sends: (...packets: Buffer[]): Step => ({ who, sends: Buffer.concat(packets) }),
  gets: (...packets: Buffer[]): Step => ({ who, gets: Buffer.concat(packets) }),
  isClosed: { who, isClosed: true } as Step,
  drops: { who, drops: true } as Step,
  lives: { who, lives: true } as Step,
  /** CONNECT and CONNACK. */
  enters: (options: ConnectOptions = {}): Step[] => [
    { who, sends: connect(who, options) },
    { who, gets: connack() },
  ],
})

const a = peer('a')

/** After CONNECT the packet ends the connection. */
export const fatal = (clause: string, what: string, bytes: Buffer): Row => ({
  clause,
  what,
  steps: [...a.enters(), a.sends(bytes), a.isClosed],
})
/** As the first packet it ends the connection, without an answer. */
export const fatalFirst = (clause: string, what: string, bytes: Buffer): Row => ({
  clause,
  what,
  steps: [a.sends(bytes), a.isClosed],
})
/** A CONNECT that is answered with a return code and the end. */
export const refused = (clause: string, what: string, bytes: Buffer, code: number): Row => ({
  clause,
  what,
  steps: [a.sends(bytes), a.gets(connack(code)), a.isClosed],
})
/** A CONNECT that is taken. */
export const taken = (clause: string, what: string, bytes: Buffer): Row => ({
  clause,
  what,
  steps: [a.sends(bytes), a.gets(connack()), a.lives],
})

import { hex, packet, puback, pubcomp, publish, pubrec, pubrel, suback, subscribe } from '../packets.ts'
import { fatal, peer, type Row, type Step } from '../row.ts'

/** Sections 3.3 to 3.7, 4.3 and 4.6: PUBLISH and what answers it, in both directions. */
const a = peer('a')
const b = peer('b')
const c = peer('c')

const bSubscribes = (filter: string, qos: number): Step[] => [
  ...b.enters(),
  b.sends(subscribe(1, [filter, qos])),
  b.gets(suback(1, qos)),
]

/** A message of one QoS to a subscriber that was granted another. */
const lowered = (filter: string, published: 0 | 1 | 2, granted: 0 | 1 | 2): Row => {
  const qos = Math.min(published, granted) as 0 | 1 | 2
  return {
    clause: '3.8.4-6',
    what: `QoS ${published} to the filter ${filter} of QoS ${granted} comes with QoS ${qos}`,
    steps: [
      ...bSubscribes(filter, granted),
      ...a.enters(),
      a.sends(publish('t/1', 'x', { qos: published, id: 5 })),
      ...(published === 1 ? [a.gets(puback(5))] : []),
      ...(published === 2 ? [a.gets(pubrec(5)), a.sends(pubrel(5)), a.gets(pubcomp(5))] : []),
      b.gets(publish('t/1', 'x', { qos })),
      ...(qos === 1 ? [b.sends(puback(1))] : []),
      ...(qos === 2 ? [b.sends(pubrec(1)), b.gets(pubrel(1)), b.sends(pubcomp(1))] : []),
      b.lives,
    ],
  }
}
const levels = [0, 1, 2] as const

export const publishing: Row[] = [
  ...['t/1', 't/+', '#'].flatMap(filter =>
    levels.flatMap(published => levels.map(granted => lowered(filter, published, granted))),
  ),
  fatal('3.3.1-4', 'QoS 3', packet(0x36, hex('00 01 74 00 01'))),
  fatal('3.3.1-2', 'DUP on QoS 0', publish('t', 'x', { dup: true })),
  fatal('3.3.2-2', 'a topic with +', publish('t/+', 'x')),
  fatal('3.3.2-2', 'a topic with #', publish('#', 'x')),
  fatal('4.7.3-1', 'an empty topic', publish('', 'x')),
  fatal('section 4.7.2', "the broker's own topics", publish('$SYS/x/new/clients', 'c')),
  {
    clause: 'section 4.7.3',
    what: 'a topic of 101 levels ends the connection, and nothing else',
    steps: [...b.enters(), ...a.enters(), a.sends(publish('/'.repeat(101), 'x')), a.isClosed, b.lives],
  },
  { clause: '4.3.1-1', what: 'QoS 0 has no answer', steps: [...a.enters(), a.sends(publish('t', 'x')), a.lives] },
  {
    clause: '4.3.2-2',
    what: 'QoS 1 is answered with PUBACK',
    steps: [...a.enters(), a.sends(publish('t', 'x', { qos: 1, id: 258 })), a.gets(puback(258)), a.lives],
  },
  {
    clause: '4.3.2-2',
    what: 'QoS 1 with DUP is answered with PUBACK',
    steps: [...a.enters(), a.sends(publish('t', 'x', { qos: 1, id: 1, dup: true })), a.gets(puback(1)), a.lives],
  },
  {
    clause: '4.3.3-2',
    what: 'QoS 2: PUBREC, PUBREL, PUBCOMP',
    steps: [
      ...a.enters(),
      a.sends(publish('t', 'x', { qos: 2, id: 9 })),
      a.gets(pubrec(9)),
      a.sends(pubrel(9)),
      a.gets(pubcomp(9)),
      a.lives,
    ],
  },
  {
    clause: '4.3.3-2',
    what: 'QoS 2 twice before PUBREL is one message, and after it two',
    steps: [
      ...bSubscribes('t', 0),
      ...a.enters(),
      a.sends(publish('t', '1', { qos: 2, id: 9 })),
      a.gets(pubrec(9)),
      a.sends(publish('t', '1', { qos: 2, id: 9, dup: true })),
      a.gets(pubrec(9)),
      a.sends(pubrel(9)),
      a.gets(pubcomp(9)),
      a.sends(publish('t', '2', { qos: 2, id: 9 })),
      a.gets(pubrec(9)),
      b.gets(publish('t', '1'), publish('t', '2')),
      b.lives,
    ],
  },
  {
    clause: '3.6.4-1',
    what: 'PUBREL of an id that is not known is answered with PUBCOMP',
    steps: [...a.enters(), a.sends(pubrel(77)), a.gets(pubcomp(77)), a.lives],
  },
  {
    clause: 'section 3.5.4',
    what: 'PUBREC of an id that is not known is answered with PUBREL',
    steps: [...a.enters(), a.sends(pubrec(77)), a.gets(pubrel(77)), a.lives],
  },
  ...[puback(77), pubcomp(77)].map(bytes => ({
    clause: 'section 4.3',
    what: `${bytes[0] === 0x40 ? 'PUBACK' : 'PUBCOMP'} of an id that is not known changes nothing`,
    steps: [...a.enters(), a.sends(bytes), a.lives],
  })),
  {
    clause: '3.3.1-3',
    what: 'DUP of a publisher is not passed on',
    steps: [
      ...bSubscribes('t', 1),
      ...a.enters(),
      a.sends(publish('t', 'x', { qos: 1, id: 3, dup: true })),
      a.gets(puback(3)),
      b.gets(publish('t', 'x', { qos: 1, id: 1 })),
      b.sends(puback(1)),
      b.lives,
    ],
  },
  {
    clause: '3.3.1-9',
    what: 'retain is not passed on to whoever has subscribed already',
    steps: [
      ...bSubscribes('t', 0),
      ...a.enters(),
      a.sends(publish('t', 'x', { retain: true })),
      b.gets(publish('t', 'x')),
      b.lives,
    ],
  },
  {
    clause: '3.3.1-6',
    what: 'a retained message comes to whoever subscribes later, with retain [MQTT-3.3.1-8]',
    steps: [
      ...a.enters(),
      a.sends(publish('t/1', 'old', { retain: true }), publish('t/1', 'x', { retain: true, qos: 1, id: 1 })),
      a.gets(puback(1)),
      ...b.enters(),
      b.sends(subscribe(1, ['t/+', 0])),
      b.gets(suback(1, 0), publish('t/1', 'x', { retain: true })),
      b.lives,
    ],
  },
  {
    clause: '3.3.1-10',
    what: 'a retained message of nothing takes the one before away',
    steps: [
      ...a.enters(),
      a.sends(publish('t/1', 'x', { retain: true }), publish('t/1', '', { retain: true, qos: 1, id: 1 })),
      a.gets(puback(1)),
      ...bSubscribes('t/+', 0),
      b.lives,
    ],
  },
  {
    clause: '3.3.1-12',
    what: 'a message without retain leaves the retained one',
    steps: [
      ...a.enters(),
      a.sends(publish('t/1', 'x', { retain: true }), publish('t/1', 'y', { qos: 1, id: 1 })),
      a.gets(puback(1)),
      ...b.enters(),
      b.sends(subscribe(1, ['t/+', 0])),
      b.gets(suback(1, 0), publish('t/1', 'x', { retain: true })),
      b.lives,
    ],
  },
  {
    clause: '4.6.0-2',
    what: 'PUBACKs in the order of the PUBLISHes',
    steps: [
      ...a.enters(),
      a.sends(...[5, 3, 9, 1].map(id => publish('t', 'x', { qos: 1, id }))),
      a.gets(...[5, 3, 9, 1].map(puback)),
      a.lives,
    ],
  },
  {
    clause: '4.6.0-6',
    what: 'messages of one publisher in its order, of QoS 1',
    steps: [
      ...bSubscribes('t', 1),
      ...a.enters(),
      a.sends(...[1, 2, 3, 4].map(id => publish('t', String(id), { qos: 1, id }))),
      a.gets(...[1, 2, 3, 4].map(puback)),
      b.gets(...[1, 2, 3, 4].map(id => publish('t', String(id), { qos: 1, id }))),
      b.sends(...[1, 2, 3, 4].map(puback)),
      b.lives,
    ],
  },
  {
    clause: '3.3.5-1',
    what: 'filters of QoS 0 and 2 that both match: once, with QoS 2',
    steps: [
      ...b.enters(),
      b.sends(subscribe(1, ['t/#', 0], ['t/+', 2], ['t/1', 1])),
      b.gets(suback(1, 0, 2, 1)),
      ...a.enters(),
      a.sends(publish('t/1', 'x', { qos: 2, id: 5 })),
      a.gets(pubrec(5)),
      b.gets(publish('t/1', 'x', { qos: 2, id: 1 })),
      b.lives,
    ],
  },
  {
    clause: 'section 4.1',
    what: 'a message reaches each subscriber, the publisher too',
    steps: [
      ...bSubscribes('t', 0),
      ...c.enters(),
      c.sends(subscribe(1, ['+', 0])),
      c.gets(suback(1, 0)),
      c.sends(publish('t', 'x')),
      c.gets(publish('t', 'x')),
      b.gets(publish('t', 'x')),
      b.lives,
      c.lives,
    ],
  },
]

import { hex, packet, publish, suback, subscribe, unsuback, unsubscribe } from '../packets.ts'
import { fatal, peer, type Row } from '../row.ts'

/** Sections 3.8 to 3.11 and 4.7: SUBSCRIBE, UNSUBSCRIBE, and which filter matches what. */
const a = peer('a')

/** What ends the row: had anything matched, it would have come before. */
const matching = (filter: string, matched: string[], others: string[]): Row => ({
  clause: filter.includes('#') ? '4.7.1-2' : filter.includes('+') ? '4.7.1-3' : '4.7.3-4',
  what: `${filter} matches ${matched.join(', ') || 'nothing'}${others.length === 0 ? '' : ` and not ${others.join(', ')}`}`,
  steps: [
    ...a.enters(),
    a.sends(subscribe(1, [filter, 0], ['last', 0])),
    a.gets(suback(1, 0, 0)),
    a.sends(...[...others, ...matched, 'last'].map(topic => publish(topic))),
    a.gets(...[...matched, 'last'].map(topic => publish(topic))),
    a.lives,
  ],
})

const badFilters = ['', 'a#', '#a', 'a/#/b', '#/a', 'a/b#', '+a', 'a+', 'a+/b', 'a/+b', 'a/b+', '++', '+#', 'a/##']

export const subscribing: Row[] = [
  ...badFilters.map(filter =>
    fatal(
      filter === '' ? '4.7.3-1' : filter.includes('#') ? '4.7.1-2' : '4.7.1-3',
      `SUBSCRIBE to "${filter}"`,
      subscribe(1, [filter, 0]),
    ),
  ),
  fatal('4.7.1-2', 'SUBSCRIBE to a good filter and a bad one', subscribe(1, ['a', 0], ['a#', 0])),
  fatal('4.7.1-2', 'UNSUBSCRIBE from "a#"', unsubscribe(1, 'a#')),
  fatal('4.7.3-1', 'UNSUBSCRIBE from ""', unsubscribe(1, 'a', '')),
  fatal('3.8.3-3', 'SUBSCRIBE to nothing', packet(0x82, hex('00 01'))),
  fatal('3.8.3-3', 'SUBSCRIBE without an id', packet(0x82)),
  fatal('3.8.3-3', 'SUBSCRIBE without a QoS', packet(0x82, hex('00 01 00 01 61'))),
  ...[3, 4, 0x40, 0x80].map(qos => fatal('3.8.3-4', `SUBSCRIBE with the QoS byte ${qos}`, subscribe(1, ['a', qos]))),
  fatal('4.8.0-1', 'SUBSCRIBE with a byte too many', packet(0x82, hex('00 01 00 01 61 00 00'))),
  fatal('3.10.3-2', 'UNSUBSCRIBE from nothing', packet(0xa2, hex('00 01'))),
  fatal('4.8.0-1', 'UNSUBSCRIBE with a byte too many', packet(0xa2, hex('00 01 00 01 61 00'))),
  {
    clause: '3.8.4-1',
    what: 'SUBSCRIBE is answered with SUBACK and its id [MQTT-3.8.4-2]',
    steps: [...a.enters(), a.sends(subscribe(0x1234, ['a', 2])), a.gets(suback(0x1234, 2)), a.lives],
  },
  {
    clause: '3.9.3-1',
    what: 'SUBACK has a code for each filter, in their order [MQTT-3.8.4-5]',
    steps: [...a.enters(), a.sends(subscribe(1, ['a', 2], ['b', 0], ['c/+', 1])), a.gets(suback(1, 2, 0, 1)), a.lives],
  },
  {
    clause: '3.9.3-2',
    what: 'a filter that is refused is 0x80 in SUBACK, and the others are granted',
    steps: [
      ...a.enters(),
      a.sends(subscribe(1, ['a', 1], ['$SYS/#', 1], ['b', 1])),
      a.gets(suback(1, 1, 0x80, 1)),
      a.lives,
    ],
  },
  ...['$SYS/#', '$SYS/+/new/clients', '$SYS'].map(filter => ({
    clause: 'section 4.7.2',
    what: `${filter} is not granted`,
    steps: [...a.enters(), a.sends(subscribe(1, [filter, 0])), a.gets(suback(1, 0x80)), a.lives],
  })),
  {
    clause: '3.8.4-3',
    what: 'the same filter again takes the place of the first: one message, of the new QoS',
    steps: [
      ...a.enters(),
      a.sends(subscribe(1, ['a/#', 0])),
      a.gets(suback(1, 0)),
      a.sends(subscribe(2, ['a/#', 1])),
      a.gets(suback(2, 1)),
      a.sends(publish('a/b', 'x', { qos: 1, id: 1 })),
      a.gets(hex('40 02 00 01'), publish('a/b', 'x', { qos: 1, id: 1 })),
      a.lives,
    ],
  },
  {
    clause: '3.8.4-3',
    what: 'the same filter again sends the retained message again',
    steps: [
      ...a.enters(),
      a.sends(publish('a', 'x', { qos: 1, id: 1, retain: true })),
      a.gets(hex('40 02 00 01')),
      a.lives,
      a.sends(subscribe(1, ['a', 0])),
      a.gets(suback(1, 0), publish('a', 'x', { retain: true })),
      a.sends(subscribe(2, ['a', 0])),
      a.gets(suback(2, 0), publish('a', 'x', { retain: true })),
      a.lives,
    ],
  },
  {
    clause: 'section 4.1',
    what: 'a client has room for 32 filters, and the next is refused',
    steps: [
      ...a.enters(),
      a.sends(subscribe(1, ...Array.from({ length: 33 }, (_, index): [string, number] => [`f/${index}`, 0]))),
      a.gets(suback(1, ...Array.from({ length: 32 }, () => 0), 0x80)),
      a.sends(unsubscribe(2, 'f/0')),
      a.gets(unsuback(2)),
      a.sends(subscribe(3, ['g', 0])),
      a.gets(suback(3, 0)),
      a.lives,
    ],
  },
  {
    clause: '3.10.4-4',
    what: 'UNSUBSCRIBE is answered with UNSUBACK and its id',
    steps: [...a.enters(), a.sends(unsubscribe(0x1234, 'a')), a.gets(unsuback(0x1234)), a.lives],
  },
  {
    clause: '3.10.4-5',
    what: 'UNSUBSCRIBE from what was never subscribed is answered all the same',
    steps: [...a.enters(), a.sends(unsubscribe(1, 'a', 'b/#')), a.gets(unsuback(1)), a.lives],
  },
  {
    clause: '3.10.4-1',
    what: 'after UNSUBSCRIBE nothing comes; filters are compared character by character',
    steps: [
      ...a.enters(),
      a.sends(subscribe(1, ['a', 0], ['b', 0], ['c/#', 0])),
      a.gets(suback(1, 0, 0, 0)),
      a.sends(unsubscribe(2, 'a', 'c/+')),
      a.gets(unsuback(2)),
      a.sends(publish('a'), publish('b'), publish('c/d')),
      a.gets(publish('b'), publish('c/d')),
      a.lives,
    ],
  },
  matching('#', ['a', 'a/b', '/a', '/'], ['$a', '$a/b']),
  matching('a/#', ['a', 'a/', 'a/b', 'a/b/c'], ['ab', 'b', 'A/b', '/a']),
  matching('+', ['a', 'b'], ['a/b', '/a', '$a']),
  matching('/+', ['/a', '/'], ['a', 'a/b', '/a/b']),
  matching('+/+', ['a/b', '/a', 'a/'], ['a', 'a/b/c', '$a/b']),
  matching('a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/c/d', 'a/b/b/c']),
  matching('+/b/#', ['a/b', 'a/b/c', '/b'], ['b', 'a/c/b', '$a/b']),
  matching('a', ['a'], ['A', 'a/', '/a', 'a/b']),
  matching('/', ['/'], ['a/b', '//', 'a/']),
  matching('a b/c', ['a b/c'], ['ab/c', 'a  b/c']),
  matching('$a/#', ['$a', '$a/b'], ['a']),
  matching('$a/+', ['$a/b'], ['$a', '$b/b']),
]

import { connect, hex, packet, pingreq, publish, subscribe, unsubscribe } from '../packets.ts'
import { fatal, fatalFirst, peer, type Row } from '../row.ts'

/** Sections 1.5 and 2: texts, fixed headers, lengths, packet ids. */
const a = peer('a')

const badTexts: [clause: string, what: string, bytes: Buffer][] = [
  ['1.5.3-2', 'U+0000', hex('74 00 74')],
  ['1.5.3-1', 'a surrogate, U+D800', hex('74 eda080')],
  ['1.5.3-1', 'a surrogate, U+DFFF', hex('74 edbfbf')],
  ['1.5.3-1', 'a continuation byte alone', hex('74 80')],
  ['1.5.3-1', 'two bytes where one is enough', hex('c0 af')],
  ['1.5.3-1', 'a character that is cut', hex('74 e28d')],
  ['1.5.3-1', 'a code point beyond U+10FFFF', hex('f4908080')],
  ['section 1.5.3', 'a control character, U+0001', hex('74 01')],
  ['section 1.5.3', 'a control character, U+009F', hex('74 c29f')],
  ['section 1.5.3', 'a non-character, U+FFFF', hex('74 efbfbf')],
]
const texts: Row[] = badTexts.flatMap(([clause, what, bytes]) => [
  fatal(clause, `${what} in a topic`, publish(bytes)),
  fatal(clause, `${what} in a filter`, subscribe(1, [bytes, 0])),
  fatal(clause, `${what} in a filter of UNSUBSCRIBE`, unsubscribe(1, bytes)),
  fatalFirst(clause, `${what} in a client id`, connect(bytes)),
  fatalFirst(clause, `${what} in a user name`, connect('c', { username: bytes })),
  fatalFirst(clause, `${what} in a will's topic`, connect('c', { will: { topic: bytes } })),
])

const kept = (what: string, topic: Buffer): Row => ({
  clause: '1.5.3-3',
  what: `${what} in a topic is passed on as it is`,
  steps: [
    ...a.enters(),
    a.sends(subscribe(1, [topic, 0]), publish(topic, 'x')),
    a.gets(hex('90 03 00 01 00'), publish(topic, 'x')),
    a.lives,
  ],
})

const headers: [clause: string, what: string, bytes: Buffer][] = [
  ['2.2.2-2', 'PUBREL with flags 0', hex('60 02 00 01')],
  ['2.2.2-2', 'PUBREL with flags 3', hex('63 02 00 01')],
  ['2.2.2-2', 'SUBSCRIBE with flags 0', hex('80 06 00 01 00 01 61 00')],
  ['2.2.2-2', 'SUBSCRIBE with flags 3', hex('83 06 00 01 00 01 61 00')],
  ['2.2.2-2', 'UNSUBSCRIBE with flags 0', hex('a0 05 00 01 00 01 61')],
  ['2.2.2-2', 'PINGREQ with a flag', hex('c1 00')],
  ['2.2.2-2', 'DISCONNECT with a flag', hex('e8 00')],
  ['2.2.2-2', 'PUBACK with a flag', hex('42 02 00 01')],
  ['2.2.2-2', 'PUBREC with a flag', hex('58 02 00 01')],
  ['2.2.2-2', 'PUBCOMP with a flag', hex('71 02 00 01')],
  ['section 2.2.1', 'type 0, reserved', hex('00 00')],
  ['section 2.2.1', 'type 15, reserved', hex('f0 00')],
  ['section 2.2.1', 'CONNACK, which only a server sends', hex('20 02 00 00')],
  ['section 2.2.1', 'SUBACK, which only a server sends', hex('90 03 00 01 00')],
  ['section 2.2.1', 'UNSUBACK, which only a server sends', hex('b0 02 00 01')],
  ['section 2.2.1', 'PINGRESP, which only a server sends', hex('d0 00')],
  ['section 2.2.3', 'a remaining length of five bytes', hex('30 ff ff ff ff 01')],
  ['2.3.1-1', 'PUBLISH of QoS 1 with packet id 0', publish('t', 'x', { qos: 1, id: 0 })],
  ['2.3.1-1', 'PUBLISH of QoS 2 with packet id 0', publish('t', 'x', { qos: 2, id: 0 })],
  ['2.3.1-1', 'SUBSCRIBE with packet id 0', subscribe(0, ['t', 0])],
  ['2.3.1-1', 'UNSUBSCRIBE with packet id 0', unsubscribe(0, 't')],
  ['2.3.1-1', 'PUBACK with packet id 0', hex('40 02 00 00')],
  ['2.3.1-1', 'PUBREC with packet id 0', hex('50 02 00 00')],
  ['2.3.1-1', 'PUBREL with packet id 0', hex('62 02 00 00')],
  ['2.3.1-1', 'PUBCOMP with packet id 0', hex('70 02 00 00')],
  ['4.8.0-1', 'PUBACK without an id', hex('40 00')],
  ['4.8.0-1', 'PUBACK with half an id', hex('40 01 00')],
  ['4.8.0-1', 'PUBACK with half an id, and a packet behind it', Buffer.concat([hex('40 01 00'), pingreq])],
  ['4.8.0-1', 'PUBACK with a byte too many', hex('40 03 00 01 00')],
  ['4.8.0-1', 'PUBREL with a byte too many', hex('62 03 00 01 00')],
  ['4.8.0-1', 'PINGREQ with a byte', hex('c0 01 00')],
  ['4.8.0-1', 'DISCONNECT with a byte', hex('e0 01 00')],
  ['4.8.0-1', 'PUBLISH whose topic is longer than it', hex('30 04 00 09 61 62')],
  ['4.8.0-1', 'PUBLISH of QoS 1 that ends before its id', hex('32 03 00 01 61')],
  [
    '4.8.0-1',
    'PUBLISH of QoS 1 that ends in its id, and a packet behind it',
    Buffer.concat([hex('32 04 00 01 61 00'), pingreq]),
  ],
  ['4.8.0-1', 'a header of 200 MiB, and nothing of it', hex('32 80 80 80 64')],
]

export const format: Row[] = [
  ...texts,
  kept('U+FEFF', hex('efbbbf 74')),
  kept('U+FFFD', hex('74 efbfbd')),
  kept('a character beyond the 16 bits, U+2A6D4,', hex('41 f0aa9b94')),
  kept('Chinese', Buffer.from('门卫室/按钮')),
  ...headers.map(([clause, what, bytes]) => fatal(clause, what, bytes)),
  {
    clause: 'section 2.2.3',
    what: 'a remaining length may be written in more bytes than it needs',
    steps: [...a.enters(), a.sends(hex('30 84 00 00 01 74 78')), a.lives],
  },
  {
    clause: 'section 2.2.3',
    what: 'a packet that comes byte by byte is one packet',
    steps: [
      ...a.enters(),
      ...[...publish('t', 'x', { qos: 1, id: 7 })].map(byte => a.sends(Buffer.from([byte]))),
      a.gets(hex('40 02 00 07')),
      a.lives,
    ],
  },
  {
    clause: 'section 2.2.3',
    what: 'packets in one segment are as many packets',
    steps: [
      ...a.enters(),
      a.sends(pingreq, publish('t', 'x', { qos: 1, id: 1 }), publish('t', 'y', { qos: 1, id: 2 })),
      a.gets(hex('d0 00'), hex('40 02 00 01'), hex('40 02 00 02')),
      a.lives,
    ],
  },
  {
    clause: 'section 2.2.3',
    what: 'a payload of 100,000 bytes',
    steps: [
      ...a.enters(),
      a.sends(packet(0x32, hex('00 01 74 00 01'), Buffer.alloc(100_000))),
      a.gets(hex('40 02 00 01')),
      a.lives,
    ],
  },
]

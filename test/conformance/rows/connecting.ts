import { connack, connect, disconnect, hex, packet, pingreq, publish, subscribe, text } from '../packets.ts'
import { fatal, fatalFirst, peer, type Row, refused, taken } from '../row.ts'

/** Sections 3.1, 3.2 and 3.14: CONNECT, CONNACK, DISCONNECT, and the first packet. */
const a = peer('a')
const b = peer('b')

const first: [what: string, bytes: Buffer][] = [
  ['PINGREQ', pingreq],
  ['PUBLISH', publish('t', 'x')],
  ['SUBSCRIBE', subscribe(1, ['t', 0])],
  ['DISCONNECT', disconnect],
  ['CONNACK', connack()],
  ['a reserved type', hex('f0 00')],
  ['the header of a PUBLISH, and nothing of it', hex('30 10')],
  ["a browser's GET", Buffer.from('GET / HTTP/1.1\r\n\r\n')],
]
const mqtt = (name: string, level: number, flags: number, ...payload: Buffer[]) =>
  packet(0x10, text(name), Buffer.from([level, flags]), hex('00 3c'), ...payload)
const c = text('c')

export const connecting: Row[] = [
  ...first.map(([what, bytes]) => fatalFirst('3.1.0-1', `${what} as the first packet`, bytes)),
  fatal('3.1.0-2', 'a second CONNECT', connect('a')),
  {
    clause: '3.1.0-2',
    what: 'a second CONNECT right behind the first',
    steps: [a.sends(connect('a'), connect('a')), a.gets(connack()), a.isClosed],
  },
  ...['MQTX', 'mqtt', 'MQT', 'MQTTT', ''].map(name =>
    fatalFirst('3.1.2-1', `the protocol name "${name}"`, connect('c', { name })),
  ),
  taken('section 3.1.2.2', 'MQTT 3.1.1', connect('c')),
  taken('section 3.1.2.2', 'MQTT 3.1', connect('c', { name: 'MQIsdp', level: 3 })),
  ...[0, 2, 3, 5, 6, 0x84, 255].map(level =>
    refused('3.1.2-2', `the protocol level ${level}`, connect('c', { level }), 1),
  ),
  refused('3.1.2-2', 'the protocol level 4 of MQIsdp', connect('c', { name: 'MQIsdp', level: 4 }), 1),
  fatalFirst('3.1.2-3', 'the reserved flag', connect('c', { flags: 1 })),
  ...[0x11, 0x12, 0x14, 0x18].map(byte =>
    fatalFirst(
      '2.2.2-2',
      `CONNECT with header ${byte.toString(16)}`,
      Buffer.concat([Buffer.from([byte]), connect('c').subarray(1)]),
    ),
  ),
  fatalFirst('3.1.2-11', 'a QoS of a will that is not there', connect('c', { flags: 0x08 })),
  fatalFirst('3.1.2-11', 'retain of a will that is not there', connect('c', { flags: 0x20 })),
  fatalFirst('3.1.2-9', 'a will flag, and no will', mqtt('MQTT', 4, 0x06, c)),
  fatalFirst('3.1.2-9', 'a will flag, and only a topic', mqtt('MQTT', 4, 0x06, c, text('w'))),
  fatalFirst('3.1.2-14', 'a will of QoS 3', connect('c', { will: { topic: 'w', qos: 3 } })),
  fatalFirst('4.7.3-1', 'a will without a topic', connect('c', { will: { topic: '' } })),
  fatalFirst('3.3.2-2', 'a will with a wildcard', connect('c', { will: { topic: 'w/+' } })),
  fatalFirst('3.3.2-2', 'a will with #', connect('c', { will: { topic: '#' } })),
  refused('section 4.7.2', "a will on the broker's own topics", connect('c', { will: { topic: '$SYS/x' } }), 5),
  ...[0, 1, 2].map(qos =>
    taken('section 3.1.2.6', `a will of QoS ${qos}`, connect('c', { will: { topic: 'w', qos } })),
  ),
  fatalFirst('3.1.2-18', 'a user name without its flag', mqtt('MQTT', 4, 0x02, c, text('u'))),
  fatalFirst('3.1.2-19', 'a user name flag, and no user name', mqtt('MQTT', 4, 0x82, c)),
  fatalFirst('3.1.2-20', 'a password without its flag', mqtt('MQTT', 4, 0x82, c, text('u'), text('p'))),
  fatalFirst('3.1.2-21', 'a password flag, and no password', mqtt('MQTT', 4, 0xc2, c, text('u'))),
  fatalFirst('3.1.2-22', 'a password without a user name', connect('c', { password: 'p' })),
  taken('section 3.1.3.4', 'an empty user name', connect('c', { username: '' })),
  taken('section 3.1.3.5', 'a password of any bytes', connect('c', { username: 'u', password: hex('00 ff') })),
  fatalFirst('3.1.3-3', 'no client id at all', mqtt('MQTT', 4, 0x02)),
  taken('3.1.3-6', 'an empty client id for a clean session', connect('')),
  refused('3.1.3-8', 'an empty client id for a session that is to be kept', connect('', { clean: false }), 2),
  refused('section 3.1.3.1', 'an empty client id of MQTT 3.1', connect('', { name: 'MQIsdp', level: 3 }), 2),
  taken('3.1.3-5', 'a client id of 23 characters', connect('0123456789abcdefghijKLM')),
  taken('section 3.1.3.1', 'a client id like a name of JavaScript', connect('__proto__')),
  taken('section 3.1.2.10', 'no keepalive', connect('c', { keepalive: 0 })),
  taken('section 3.1.2.10', 'the longest keepalive', connect('c', { keepalive: 65_535 })),
  fatalFirst('4.8.0-1', 'a byte behind the fields', mqtt('MQTT', 4, 0x02, c, hex('00'))),
  fatalFirst('4.8.0-1', 'a CONNECT that ends before its flags', packet(0x10, text('MQTT'), hex('04'))),
  fatalFirst('4.8.0-1', 'a CONNECT of nothing', hex('10 00')),
  fatalFirst('4.8.0-1', 'the header of a CONNECT of 200 MiB', hex('10 80 80 80 64')),
  {
    clause: '3.1.4-2',
    what: 'a second connection with a client id ends the first',
    steps: [...a.enters(), b.sends(connect('a')), b.gets(connack()), a.isClosed, b.lives],
  },
  {
    clause: '3.1.4-5',
    what: 'a refused CONNECT: what comes behind it is not done',
    steps: [
      ...b.enters(),
      b.sends(subscribe(1, ['t', 0])),
      b.gets(hex('90 03 00 01 00')),
      a.sends(connect('', { clean: false }), publish('t', 'x')),
      a.gets(connack(2)),
      a.isClosed,
      b.lives,
    ],
  },
  {
    clause: 'section 3.1.4',
    what: 'packets may come before the CONNACK has gone',
    steps: [
      a.sends(connect('a'), subscribe(1, ['t', 0]), publish('t', 'x')),
      a.gets(connack(), hex('90 03 00 01 00'), publish('t', 'x')),
      a.lives,
    ],
  },
  {
    clause: '3.14.4-1',
    what: 'DISCONNECT is answered with the end',
    steps: [...a.enters(), a.sends(disconnect), a.isClosed],
  },
  {
    clause: '3.14.4-2',
    what: 'nothing is taken behind a DISCONNECT',
    steps: [
      ...b.enters(),
      b.sends(subscribe(1, ['t', 0])),
      b.gets(hex('90 03 00 01 00')),
      ...a.enters(),
      a.sends(disconnect, publish('t', 'x')),
      a.isClosed,
      b.lives,
    ],
  },
  { clause: '3.12.4-1', what: 'PINGREQ is answered', steps: [...a.enters(), a.lives, a.lives] },
]

import { connack, connect, disconnect, hex, puback, publish, suback, subscribe } from '../packets.ts'
import { peer, type Row, type Step } from '../row.ts'

/** Sections 3.1.2.4, 3.1.2.5 and 4.4: wills, sessions that are kept, and who takes over whose. */
const a = peer('a')
const again = peer('again')
const b = peer('b')

const bWatches = (filter: string, qos: number): Step[] => [
  ...b.enters(),
  b.sends(subscribe(1, [filter, qos])),
  b.gets(suback(1, qos)),
]
const withWill = { will: { topic: 'w', payload: 'gone', qos: 1 } }
const gone = publish('w', 'gone', { qos: 1, id: 1 })
/** What would come behind a will that must not be published. */
const last = publish('w', 'last', { qos: 1, id: 1 })

const willAfter = (what: string, ending: Step[]): Row => ({
  clause: '3.1.2-8',
  what: `the will is published after ${what}`,
  steps: [...bWatches('w', 1), ...a.enters(withWill), ...ending, b.gets(gone), b.sends(puback(1)), b.lives],
})

export const sessions: Row[] = [
  willAfter('a broken connection', [a.drops]),
  willAfter('a packet that breaks the rules', [a.sends(hex('c0 01 00')), a.isClosed]),
  willAfter('a second CONNECT', [a.sends(connect('a')), a.isClosed]),
  willAfter('a connection with the same client id', [
    again.sends(connect('a')),
    again.gets(connack()),
    a.isClosed,
    again.lives,
  ]),
  {
    clause: '3.1.2-24',
    what: 'one and a half times the keepalive after the last packet the connection ends, and the will is published',
    steps: [
      ...bWatches('w', 1),
      ...a.enters({ ...withWill, keepalive: 1 }),
      a.isClosed,
      b.gets(gone),
      b.sends(puback(1)),
      b.lives,
    ],
  },
  {
    clause: '3.1.2-10',
    what: 'no will after DISCONNECT',
    steps: [
      ...bWatches('w', 1),
      ...a.enters(withWill),
      a.sends(disconnect),
      a.isClosed,
      ...again.enters(),
      again.sends(last),
      again.gets(puback(1)),
      b.gets(last),
      b.sends(puback(1)),
      b.lives,
    ],
  },
  {
    clause: '3.1.2-17',
    what: 'a will that is to be retained is retained',
    steps: [
      ...bWatches('other', 0),
      ...a.enters({ will: { topic: 'w', payload: 'gone', retain: true } }),
      again.sends(connect('a')),
      again.gets(connack()),
      a.isClosed,
      b.sends(subscribe(2, ['w', 0])),
      b.gets(suback(2, 0), publish('w', 'gone', { retain: true })),
      b.lives,
    ],
  },
  {
    clause: '3.1.2-16',
    what: 'a will that is not to be retained is not',
    steps: [
      ...a.enters({ will: { topic: 'w', payload: 'gone' } }),
      again.sends(connect('a')),
      again.gets(connack()),
      a.isClosed,
      ...bWatches('w', 0),
      b.lives,
    ],
  },
  {
    clause: '3.2.2-2',
    what: 'a session that was kept is said to be there, and its subscription holds [MQTT-3.1.2-4]',
    steps: [
      a.sends(connect('a', { clean: false }), subscribe(1, ['t/#', 1])),
      a.gets(connack(), suback(1, 1)),
      a.sends(disconnect),
      a.isClosed,
      again.sends(connect('a', { clean: false })),
      again.gets(connack(0, 1)),
      again.sends(publish('t/1', 'x')),
      again.gets(publish('t/1', 'x')),
      again.lives,
    ],
  },
  {
    clause: '3.1.2-5',
    what: 'messages of QoS 1 for a session that is kept wait for it',
    steps: [
      a.sends(connect('a', { clean: false }), subscribe(1, ['t/#', 1])),
      a.gets(connack(), suback(1, 1)),
      a.sends(disconnect),
      a.isClosed,
      ...b.enters(),
      b.sends(publish('t/1', 'x', { qos: 1, id: 4 })),
      b.gets(puback(4)),
      again.sends(connect('a', { clean: false })),
      again.gets(connack(0, 1), publish('t/1', 'x', { qos: 1, id: 1 }).subarray(0, 7)),
    ],
  },
  {
    clause: '3.1.2-6',
    what: 'a clean session forgets the one before',
    steps: [
      a.sends(connect('a', { clean: false }), subscribe(1, ['t/#', 1])),
      a.gets(connack(), suback(1, 1)),
      a.sends(disconnect),
      a.isClosed,
      again.sends(connect('a')),
      again.gets(connack()),
      again.sends(publish('t/1', 'x')),
      again.lives,
    ],
  },
  {
    clause: '3.1.2-6',
    what: 'a clean session leaves nothing behind',
    steps: [
      ...a.enters(),
      a.sends(subscribe(1, ['t', 1])),
      a.gets(suback(1, 1)),
      a.sends(disconnect),
      a.isClosed,
      again.sends(connect('a', { clean: false })),
      again.gets(connack(0, 0)),
      again.lives,
    ],
  },
  {
    clause: '3.1.4-2',
    what: 'of many that come with one client id at once the last one stays',
    steps: [
      ...a.enters(withWill),
      ...['1', '2', '3', '4'].map(peer).flatMap(one => [one.sends(connect('a')), one.gets(connack())]),
      a.isClosed,
      ...['1', '2', '3'].map(who => peer(who).isClosed),
      peer('4').lives,
    ],
  },
]

/** What a broken firmware makes of an event. Each of these the gateway must reject (contract 3), and puback. Pure. */
export const garbles = ['cut', 'empty', 'not-text', 'twice', 'no-id', 'no-data', 'bad-time'] as const
export type Garble = (typeof garbles)[number]

/** Ends the id of an event that is sent broken, so that an ack tells which it is about: a repeat may be rejected twice. */
export const brokenMark = '.broken'

/** `text`: the event as it should be. */
export function garbled(text: string, how: Garble): Buffer {
  switch (how) {
    case 'cut':
      return Buffer.from(text).subarray(0, Math.max(1, Math.floor(text.length / 2)))
    case 'empty':
      return Buffer.alloc(0)
    case 'not-text':
      return Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff, 0xfe, 0x7d])])
    case 'twice':
      return Buffer.from(JSON.stringify(text))
    case 'no-id':
      return changed(text, { id: undefined })
    case 'no-data':
      return changed(text, { data: null })
    case 'bad-time':
      return changed(text, { time: '2026-13-45 25:61:00' })
  }
}

const changed = (text: string, change: object): Buffer =>
  Buffer.from(JSON.stringify({ ...JSON.parse(text), ...change }))

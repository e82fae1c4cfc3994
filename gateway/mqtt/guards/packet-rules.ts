import { type Connect, type Mistake, mistakeInConnect } from './connect-rules.ts'
import { isBrokersOwn, isFilter } from './filters.ts'

/** As mqtt-packet reads a packet: what its command has, the others lack. */
export type Parsed = {
  cmd?: string
  length: number
  qos?: number
  dup?: boolean
  messageId?: number
  topic?: string
  subscriptions?: { topic: string }[]
  unsubscriptions?: string[]
}

/**
 * What MQTT 3.1.1 wants of a packet and mqtt-packet doesn't look at. Whatever breaks it ends the connection [MQTT-4.8.0-1].
 * `read`: how many of the packet's bytes its fields took. Asked for each packet, so a publish costs a few comparisons.
 */
export function mistakeIn(packet: Parsed, read: number): Mistake | undefined {
  if (packet.cmd === 'publish') return mistakeInPublish(packet, read)
  // A packet is as long as its fields are: bytes behind them, or fields that reach into the next packet, are malformed.
  if (read !== packet.length) return { why: `${packet.cmd} is not as long as it says` }
  switch (packet.cmd) {
    case 'connect':
      return mistakeInConnect(packet as unknown as Connect)
    case 'subscribe':
      return mistakeInId(packet) ?? mistakeInFilters(packet.subscriptions?.map(({ topic }) => topic) ?? [], '3.8.3-3')
    case 'unsubscribe':
      return mistakeInId(packet) ?? mistakeInFilters(packet.unsubscriptions ?? [], '3.10.3-2')
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return mistakeInId(packet)
    default:
      return undefined
  }
}

/** Its topic's wildcards and emptiness [MQTT-3.3.2-2] are looked at by aedes. */
function mistakeInPublish({ qos, dup, messageId, topic, length }: Parsed, read: number): Mistake | undefined {
  if (read > length) return { why: 'publish is not as long as it says' }
  if (qos === 0) {
    if (dup) return { why: 'DUP on QoS 0 [MQTT-3.3.1-2]' }
  } else if (messageId === undefined || messageId < 1) return { why: 'packet id 0 [MQTT-2.3.1-1]' }
  return topic !== undefined && isBrokersOwn(topic) ? { why: "the topic is the broker's own" } : undefined
}

const mistakeInId = ({ messageId = 0 }: Parsed): Mistake | undefined =>
  messageId < 1 ? { why: 'packet id 0 [MQTT-2.3.1-1]' } : undefined

function mistakeInFilters(filters: string[], clause: string): Mistake | undefined {
  if (filters.length === 0) return { why: `no topic filter [MQTT-${clause}]` }
  return filters.every(isFilter)
    ? undefined
    : { why: 'a topic filter is empty, or has # or + in a wrong place [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-1]' }
}

import { isBrokersOwn, isTopicName } from './filters.ts'

/** Why a packet ends the connection. `returnCode`: of the CONNACK that says so first (table 3.1). */
export type Mistake = { why: string; returnCode?: 1 | 2 | 5 }

const usernameFlag = 0x80
const passwordFlag = 0x40

/** What a CONNECT's variable header must keep before the rest of it is worth reading. `bytes`: all behind the fixed header. */
export function mistakeInConnectHeader(bytes: Buffer): Mistake | undefined {
  const nameLength = bytes.length < 2 ? 0 : bytes.readUInt16BE(0)
  const name = bytes.toString('latin1', 2, 2 + nameLength)
  const [level, flags] = bytes.subarray(2 + nameLength)
  if (name !== 'MQTT' && name !== 'MQIsdp') return { why: 'not MQTT [MQTT-3.1.2-1]' }
  if (level === undefined || flags === undefined) return { why: 'CONNECT is too short' }
  // MQTT 5 is told so without its properties being read. A bridge that says level 0x84 tries again with 4.
  if (level !== (name === 'MQTT' ? 4 : 3))
    return {
      returnCode: 1,
      why: `unacceptable protocol version, ${name} level ${level}; 3.1 and 3.1.1 are spoken [MQTT-3.1.2-2]`,
    }
  if ((flags & passwordFlag) !== 0 && (flags & usernameFlag) === 0)
    return { why: 'a password without a user name [MQTT-3.1.2-22]' }
  return undefined
}

/** As mqtt-packet reads a CONNECT. */
export type Connect = {
  protocolVersion?: number
  clientId: string
  clean?: boolean
  will?: { topic: string; qos?: number }
}

export function mistakeInConnect({ protocolVersion, clientId, clean, will }: Connect): Mistake | undefined {
  // MQTT 3.1 knows no empty id; 3.1.1 only for a session that is not kept.
  if (clientId === '' && (protocolVersion === 3 || clean !== true))
    return { returnCode: 2, why: 'no client id, and not a clean session of MQTT 3.1.1 [MQTT-3.1.3-8]' }
  if (will === undefined) return undefined
  // aedes takes a will of QoS 3, and later disconnects every subscriber that it reaches.
  if (Number(will.qos) > 2) return { why: 'a will of QoS 3 [MQTT-3.1.2-14]' }
  if (!isTopicName(will.topic)) return { why: "the will's topic is empty or holds a wildcard [MQTT-3.3.2-2]" }
  if (isBrokersOwn(will.topic)) return { returnCode: 5, why: "the will's topic is the broker's own" }
  return undefined
}

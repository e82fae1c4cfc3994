import type { Client } from 'aedes'
import { type Mistake, mistakeInConnectHeader } from './connect-rules.ts'
import { mistakeIn, type Parsed } from './packet-rules.ts'
import { isDoubtful, mistakeInText } from './text.ts'

/**
 * The rules' place in aedes' parser: what a stranger sends is judged before aedes acts on it, a packet's size on its header.
 * It takes the parser's inside for granted; test/contract/aedes.test.ts pins what. The four functions are the same for all
 * connections: they cost a connection no memory.
 */
type Parser = {
  packet: Parsed
  client: Client & { conn: { write(bytes: Uint8Array, done: () => void): void } }
  error: Error | null
  /** Before its CONNECT is parsed a parser knows no version. */
  settings: { protocolVersion?: number }
  _list: { slice(start: number, end: number): Buffer }
  _pos: number
  _parseLength(): boolean
  _parseConnect(): unknown
  _parseString(): string | null
  _newPacket(): boolean
  _emitError(error: Error): void
  emit(event: 'error', error: Error): void
  removeAllListeners(event: 'packet'): void
}
const own = (parser: Parser): Parser => Object.getPrototypeOf(parser)

export type SizeLimits = {
  /** Of a packet behind its fixed header. */
  maxPacketBytes: number
  /** Of the first packet, which comes from a stranger. */
  maxConnectBytes: number
}

export function parsingRules({ maxPacketBytes, maxConnectBytes }: SizeLimits): (client: Client) => void {
  function parseLength(this: Parser): boolean {
    if (!own(this)._parseLength.call(this)) return false
    const isFirst = this.settings.protocolVersion === undefined
    if (isFirst && this.packet.cmd !== 'connect')
      return end(this, { why: 'the first packet is not CONNECT [MQTT-3.1.0-1]' })
    if (this.packet.length > (isFirst ? maxConnectBytes : maxPacketBytes)) return end(this, { why: 'packet too large' })
    return true
  }
  return client => {
    const { _parser: parser } = client as unknown as { _parser: Parser }
    parser._parseLength = parseLength
    parser._parseConnect = parseConnect
    parser._parseString = parseString
    parser._newPacket = newPacket
  }
}

function parseConnect(this: Parser): unknown {
  const mistake = mistakeInConnectHeader(this._list.slice(0, this.packet.length))
  return mistake === undefined ? own(this)._parseConnect.call(this) : end(this, mistake)
}

function parseString(this: Parser): string | null {
  const start = this._pos + 2
  const text = own(this)._parseString.call(this)
  if (text === null) return null
  if (isDoubtful(text)) {
    const why = mistakeInText(text, this._list.slice(start, this._pos))
    if (why !== undefined) end(this, { why })
  }
  return text
}

function newPacket(this: Parser): boolean {
  const mistake = mistakeIn(this.packet, this._pos)
  if (mistake !== undefined) return end(this, mistake)
  const isLast = this.packet.cmd === 'disconnect'
  const isDone = own(this)._newPacket.call(this)
  // aedes would still take what stands behind a DISCONNECT, where nothing may stand [MQTT-3.14.4-2].
  if (isLast) this.removeAllListeners('packet')
  return isDone
}

/** False: the parser takes nothing more. A CONNACK that says why goes first [MQTT-3.2.2-5], on its way before the end. */
function end(parser: Parser, { why, returnCode }: Mistake): false {
  // The rest of a packet is still parsed after its first mistake.
  if (parser.error !== null) return false
  const error = new Error(why)
  if (returnCode === undefined) parser._emitError(error)
  else {
    parser.error = error
    parser.removeAllListeners('packet')
    parser.client.conn.write(Buffer.from([0x20, 2, 0, returnCode]), () => parser.emit('error', error))
  }
  return false
}

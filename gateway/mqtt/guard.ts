import type { Client } from 'aedes'

/**
 * Bounds that aedes doesn't have (AEDES.md beside this file). They reach into its client, so they stand in this one file and
 * test/contract/aedes.test.ts pins what they rely on.
 */
type Inside = {
  conn: { read(size?: number | null): Buffer | null; destroy(error?: Error): void }
  _parser: { packet: { length: number }; _parseLength(): boolean; _emitError(error: Error): void }
}

/** A packet's header says how long it is; a longer one than `maxBytes` ends the connection before its body is buffered. */
export function capPacketSize(client: Client, maxBytes: number): void {
  const parser = (client as unknown as Inside)._parser
  const parseLength = parser._parseLength
  parser._parseLength = function capped() {
    const known = parseLength.call(this)
    if (known && this.packet.length > maxBytes) {
      this._emitError(new Error('packet too large'))
      return false
    }
    return known
  }
}

/**
 * Back-pressure. aedes reads on while publishes wait for their commit; MQTT 3.1.1 has no window to tell a device, but TCP
 * has. While `isFull` says so the socket isn't read, its buffers fill, and the device's sends wait. aedes asks for the next
 * read whenever a publish completes, so nothing has to wake it.
 */
export function holdReadsWhile(client: Client, isFull: () => boolean): void {
  const { conn } = client as unknown as Inside
  const read = conn.read.bind(conn)
  conn.read = size => (isFull() ? null : read(size))
}

import type { Client } from 'aedes'

/**
 * Bounds that aedes doesn't have (AEDES.md beside this file). They reach into its client, so they stand in this one file and
 * test/contract/aedes.test.ts pins what they rely on.
 */
type Inside = { conn: { read(size?: number | null): Buffer | null } }

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

import { once } from 'node:events'
import { createServer } from 'node:net'
import { GuardedBroker, type GuardOptions } from '../../gateway/mqtt/guarded-broker.ts'

/** A filter that is refused, so that suites can see a refusal; the Eclipse suite asks for this one. */
const refusedFilter = 'test/nosubscribe'

/**
 * The gateway's broker behind its guards, without the gateway's policy: whoever comes may connect, publish and subscribe. Messages
 * are passed on, retained, and kept for a session that is left, as aedes does it.
 */
export async function startPermissive(
  host: string,
  port: number,
  options: Partial<GuardOptions> = {},
): Promise<{ broker: GuardedBroker; port: number; stop: () => Promise<void> }> {
  const broker = new GuardedBroker(
    {
      authenticate: (_client, _username, _password, done) => done(null, true),
      authorizePublish: (_client, _packet, done) => done(null),
      maySubscribe: (_client, filter) => filter !== refusedFilter,
    },
    { maxPacketBytes: 1_048_576, limits: { maxConnections: 1000, maxConnectionsPerAddress: 1000 }, ...options },
  )
  await broker.listen()
  const server = createServer({ noDelay: true }, socket => void broker.handle(socket))
  server.listen(port, host)
  await once(server, 'listening')
  return {
    broker,
    port: (server.address() as { port: number }).port,
    async stop() {
      server.close()
      await broker.end()
    },
  }
}

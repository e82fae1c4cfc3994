import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** For a program that can't take any free port by itself. Free a moment ago: nothing keeps it so. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

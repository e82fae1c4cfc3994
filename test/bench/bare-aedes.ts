import { createServer } from 'node:net'
import { Aedes } from 'aedes'

/** The ceiling: aedes as it comes, which stores nothing and checks nothing. Prints its port; ends with its standard input. */
const broker = await Aedes.createBroker()
const server = createServer({ noDelay: true }, socket => void broker.handle(socket))
server.listen(0, '127.0.0.1', () => console.log((server.address() as { port: number }).port))
process.stdin.on('end', () => process.exit(0)).resume()

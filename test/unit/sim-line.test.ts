import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Line, startLine } from '../../device-sim/line.ts'

/** A server that echoes, behind a line that can go bad. */
let server: Server
let taken: Socket[]
let line: Line
beforeEach(async () => {
  taken = []
  server = createServer(socket => {
    taken.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  line = await startLine(urlOf(server))
})
afterEach(async () => {
  await line.close()
  for (const socket of taken) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

const urlOf = (of: Server) => `http://127.0.0.1:${(of.address() as { port: number }).port}`
const dial = async () => {
  const socket = connect(line.port, '127.0.0.1')
  socket.setNoDelay(true) // what is written shall be on its way, not wait for an acknowledgement of what was written before
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
const closeOf = (socket: Socket) => new Promise(resolve => socket.once('close', resolve))
const echo = async (socket: Socket, text: string) => {
  socket.write(text)
  return String((await once(socket, 'data'))[0])
}

/** Another connection's whole way by another line: longer than what ours carried would have taken. */
const otherLine = async () => {
  const other = await startLine(urlOf(server))
  const socket = connect(other.port, '127.0.0.1')
  for (const text of ['one', 'two', 'three']) await echo(socket, text)
  socket.destroy()
  await other.close()
}

test('clear, it carries both ways, passes an end on, and finds a target that moved', async () => {
  const one = await dial()
  expect(await echo(one, 'hello')).toBe('hello')
  const ended = once(taken[0]!, 'end')
  one.end()
  await ended
  const other = createServer(socket => socket.end('elsewhere'))
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  line.aim(urlOf(other))
  expect(String((await once(await dial(), 'data'))[0])).toBe('elsewhere')
  await new Promise(resolve => other.close(resolve))
})

test('with latency and little bandwidth all comes, later', async () => {
  const one = await dial()
  line.set({ kind: 'latency', ms: 30 })
  const startMs = performance.now()
  expect(await echo(one, 'hello')).toBe('hello')
  line.set({ kind: 'bandwidth', bytesPerS: 1000 })
  expect(await echo(one, 'x'.repeat(30))).toBe('x'.repeat(30))
  // There and back: twice 30 ms, then twice 30 bytes of 1,000 a second.
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(118)
})

test('stalled, nothing passes; over, all of it does on the same connection', async () => {
  const one = await dial()
  await echo(one, 'hello')
  line.set({ kind: 'stall' })
  const heard: string[] = []
  one.on('data', data => heard.push(String(data)))
  one.write('later')
  await otherLine()
  expect(heard).toEqual([])
  const data = once(one, 'data')
  line.set({ kind: 'clear' })
  await data
  expect(heard).toEqual(['later'])
})

test('cut, neither side hears; half-open, the server does; and after both the connections are broken', async () => {
  const one = await dial()
  await echo(one, 'hello')
  line.set({ kind: 'half-open' })
  const heard = once(taken[0]!, 'data')
  const unwanted: string[] = []
  one.on('data', data => unwanted.push(`answered ${data}`))
  one.write('half')
  expect(String((await heard)[0])).toBe('half')
  await otherLine()
  line.set({ kind: 'cut' })
  taken[0]!.on('data', data => unwanted.push(`heard ${data}`))
  one.write('cut')
  const late = await dial() // reaches nobody, and is not told
  late.write('hello?')
  await otherLine()
  expect(unwanted).toEqual([])
  const closed = Promise.all([closeOf(one), closeOf(taken[0]!), closeOf(late)])
  line.set({ kind: 'clear' })
  await closed
  expect(await echo(await dial(), 'back')).toBe('back')
})

test('reset, what stands and what comes is reset; dropping, a connection breaks in the middle', async () => {
  const one = await dial()
  await echo(one, 'hello')
  const closed = Promise.all([closeOf(one), closeOf(taken[0]!)])
  line.set({ kind: 'reset' })
  await closed
  await closeOf(connect(line.port, '127.0.0.1').on('error', () => {}))
  line.set({ kind: 'drops', every: 3 })
  const two = await dial()
  expect(await echo(two, 'one and two')).toBe('one and two')
  const broken = closeOf(two)
  two.write('three')
  await broken
})

test('dropped, both sides are told at once and the line goes on', async () => {
  const one = await dial()
  await echo(one, 'hello')
  const closed = Promise.all([closeOf(one), closeOf(taken[0]!)])
  line.drop()
  await closed
  expect(await echo(await dial(), 'again')).toBe('again')
})

test('dark, the clients are cut off and get no new connection, and the server hears nothing of it, then or later', async () => {
  const one = await dial()
  await echo(one, 'hello')
  const heard: string[] = []
  for (const name of ['data', 'end', 'close']) taken[0]!.on(name, () => heard.push(name))
  const closed = closeOf(one)
  line.set({ kind: 'dark' })
  await closed
  await closeOf(connect(line.port, '127.0.0.1').on('error', () => {}))
  line.set({ kind: 'clear' })
  taken[0]!.write('is anybody there?')
  expect(await echo(await dial(), 'back')).toBe('back')
  await otherLine()
  expect(heard).toEqual([])
})

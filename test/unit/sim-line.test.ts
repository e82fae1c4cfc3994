import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Line, startLine } from '../../device-sim/line.ts'

/** A gateway that echoes, behind a line that can be pulled out. */
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
  line = await startLine(`mqtt://127.0.0.1:${(server.address() as { port: number }).port}`)
})
afterEach(async () => {
  await line.close()
  for (const socket of taken) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

const dial = async () => {
  const socket = connect(Number(new URL(line.url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
/** Also where it is closed by a reset, which `once` would take for a failure. */
const closeOf = (socket: Socket) => new Promise(resolve => socket.once('close', resolve))
const echo = async (socket: Socket, text: string) => {
  socket.write(text)
  return String((await once(socket, 'data'))[0])
}

test('it carries both ways, and an end is passed on', async () => {
  const device = await dial()
  expect(await echo(device, 'hello')).toBe('hello')
  const ended = once(taken[0]!, 'end')
  device.end()
  await ended
})

test('cut, nothing passes and neither side is told; mended, the device finds its connection broken', async () => {
  const device = await dial()
  await echo(device, 'hello')
  const events: string[] = []
  for (const name of ['data', 'end', 'close']) taken[0]!.on(name, () => events.push(`gateway ${name}`))
  for (const name of ['data', 'end', 'close']) device.on(name, () => events.push(`device ${name}`))
  line.cut()
  device.write('is anybody there?')
  taken[0]!.write('are you there?')
  // A connection made meanwhile reaches nobody; its own close comes after all that could have passed.
  const late = await dial()
  late.write('hello?')
  const lateClosed = closeOf(late)
  expect(taken).toHaveLength(1)
  expect(events).toEqual([])
  const closed = closeOf(device)
  line.mend()
  await Promise.all([closed, lateClosed])
  expect(events).not.toContain('gateway data')
  expect(events).not.toContain('device data')
  expect(await echo(await dial(), 'back')).toBe('back')
})

test('dropped, both sides are told at once and the line goes on', async () => {
  const device = await dial()
  await echo(device, 'hello')
  const closed = [closeOf(device), closeOf(taken[0]!)]
  line.drop()
  await Promise.all(closed)
  expect(await echo(await dial(), 'again')).toBe('again')
})

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressOf } from './limits.ts'

/** Beyond these a new connection takes the place of an old one over which no valid token came; where there is none, it is closed. */
const maxInAll = 1024
/** A proxy on this machine speaks for many, so its address has no bound of its own. */
const maxPerAddress = 256

type Open = { socket: Socket; address: string; trusted: boolean }

/**
 * How many connections the HTTP server holds. A stranger may open as many as he likes: those of people who showed a token
 * stay, and a new one always comes in. A WebSocket of MQTT counts here no more once it is one; the broker counts it.
 */
export class Connections {
  /** In the order in which they came. A TLS socket and the one below it have the same name. */
  readonly #open = new Map<string, Open>()
  readonly #perAddress = new Map<string, number>()
  readonly #limits: { inAll: number; perAddress: number }

  constructor(limits = { inAll: maxInAll, perAddress: maxPerAddress }) {
    this.#limits = limits
  }

  watch(server: Server): void {
    server.on('connection', socket => this.#came(socket))
    server.on('upgrade', ({ socket }) => this.#gone(nameOf(socket)))
  }

  /** A valid token came over it. */
  trust(socket: Socket): void {
    const open = this.#open.get(nameOf(socket))
    if (open !== undefined) open.trusted = true
  }

  get size(): number {
    return this.#open.size
  }

  #came(socket: Socket): void {
    const { inAll, perAddress } = this.#limits
    // Gone again already.
    if (socket.remoteAddress === undefined) return void socket.destroy()
    const address = addressOf({ ip: socket.remoteAddress })
    const isOver = (this.#perAddress.get(address) ?? 0) >= perAddress && !isLoopback(address)
    if (isOver || this.#open.size >= inAll) {
      const stranger = this.#oldestStranger(isOver ? address : undefined)
      if (stranger === undefined) {
        socket.destroy()
        return
      }
      const [name, { socket: old }] = stranger
      this.#gone(name)
      old.destroy()
    }
    const name = nameOf(socket)
    this.#open.set(name, { socket, address, trusted: false })
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    socket.once('close', () => {
      if (this.#open.get(name)?.socket === socket) this.#gone(name)
    })
  }

  #gone(name: string): void {
    const open = this.#open.get(name)
    if (open === undefined) return
    this.#open.delete(name)
    const left = (this.#perAddress.get(open.address) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(open.address)
    else this.#perAddress.set(open.address, left)
  }

  #oldestStranger(address: string | undefined): [string, Open] | undefined {
    for (const entry of this.#open)
      if (!entry[1].trusted && (address === undefined || entry[1].address === address)) return entry
    return undefined
  }
}

const nameOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '0:0:0:0'

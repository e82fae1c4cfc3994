import { connect, type Socket } from 'node:net'
import { pingreq, pingresp } from './packets.ts'
import type { Row, Step } from './row.ts'

const patienceMs = 5000

/** Plays a row against the broker on `port`. Returns what went otherwise, or undefined. */
export async function play(row: Row, port: number): Promise<string | undefined> {
  const peers = new Map<string, Peer>()
  try {
    for (const [index, step] of row.steps.entries()) {
      const peer = peers.get(step.who) ?? new Peer(port)
      peers.set(step.who, peer)
      const why = await peer.plays(step)
      if (why !== undefined) return `step ${index + 1}, ${step.who}: ${why}`
    }
    return undefined
  } finally {
    for (const peer of peers.values()) peer.end()
  }
}

class Peer {
  readonly #socket: Socket
  #came = Buffer.alloc(0)
  #isClosed = false
  #look: (() => void) | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', bytes => {
      this.#came = Buffer.concat([this.#came, bytes])
      this.#look?.()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#look?.()
    })
  }

  end(): void {
    this.#socket.destroy()
  }

  async plays(step: Step): Promise<string | undefined> {
    if ('sends' in step) this.#socket.write(step.sends)
    else if ('gets' in step) return this.#gets(step.gets)
    else if ('isClosed' in step) return this.#closes()
    else if ('drops' in step) this.#socket.resetAndDestroy()
    else {
      this.#socket.write(pingreq)
      return this.#gets(pingresp)
    }
    return undefined
  }

  async #gets(wanted: Buffer): Promise<string | undefined> {
    await this.#until(() => this.#came.length >= wanted.length)
    const got = this.#came.subarray(0, wanted.length)
    if (!got.equals(wanted))
      return `${shown(wanted)} is expected, ${shown(got)} came${this.#isClosed ? ' and the end' : ''}`
    this.#came = this.#came.subarray(wanted.length)
    return undefined
  }

  async #closes(): Promise<string | undefined> {
    await this.#until(() => this.#came.length > 0)
    if (this.#came.length > 0) return `the end is expected, ${shown(this.#came)} came`
    return this.#isClosed ? undefined : 'the connection stays open'
  }

  /** Or until the connection is closed, or patience is at its end. */
  async #until(isThere: () => boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, patienceMs)
      this.#look = () => {
        if (!isThere() && !this.#isClosed) return
        clearTimeout(timer)
        resolve()
      }
      this.#look()
    })
    this.#look = undefined
  }
}

const shown = (bytes: Buffer): string =>
  bytes.length === 0 ? 'nothing' : bytes.toString('hex').replace(/../g, '$& ').trim()

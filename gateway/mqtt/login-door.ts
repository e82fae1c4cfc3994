import type { Duplex } from 'node:stream'
import type { AuthenticateError, Client } from 'aedes'
import { monotonicMs } from '../clock.ts'
import type { Registry } from '../devices/registry.ts'
import type { Refusal } from './authenticate.ts'
import { addressOf as networkOf } from './guards/connection-limits.ts'
import { LoginLimits } from './login-limits.ts'
import { addressOf } from './peer.ts'

/** Somebody was not let in. `device`: of a known device or account; what a stranger calls himself may be a secret that was typed into the wrong field. */
export type LoginRefused = { device: string | undefined; address: string; why: string }
export type LoginDoorOptions = {
  registry: () => Registry
  /** Each time; whoever writes it down bounds it. */
  onRefused?: (refused: LoginRefused) => void
}
type Answer = (error: AuthenticateError | null, success: boolean | null) => void

const loopback = 'loopback'

/** Carries out what login-limits.ts decides: refused logins wait for their answer, or get none. */
export class LoginDoor {
  readonly #options: LoginDoorOptions
  readonly #limits = new LoginLimits()

  constructor(options: LoginDoorOptions) {
    this.#options = options
  }

  failed(client: Client, username: string | undefined, { why, returnCode }: Refusal, answer: Answer): void {
    const { registry, onRefused } = this.#options
    const inForce = registry()
    const name = username === undefined ? undefined : (inForce.device(username) ?? inForce.account(username))?.id
    const address = addressOf(client)
    const from = networkOf(address) ?? loopback
    onRefused?.({ device: name, address, why })
    const delayMs = this.#limits.failed(name, from, monotonicMs())
    if (delayMs === undefined) {
      ;(client.conn as Duplex).destroy()
      return
    }
    const refuse = () => {
      this.#limits.answered(from)
      answer(Object.assign(new Error(why), { returnCode }), false)
    }
    if (delayMs === 0) refuse()
    else setTimeout(refuse, delayMs).unref()
  }

  /** Why a connection from this address isn't looked at. Loopback's is: a TLS terminator there speaks for everybody. */
  refuse(address: string | undefined): string | undefined {
    const from = networkOf(address)
    if (from === undefined || this.#limits.mayConnect(from, monotonicMs())) return undefined
    const why = 'too many failed logins from its address'
    this.#options.onRefused?.({ device: undefined, address: address ?? '', why })
    return why
  }
}

import { type NamedTarget, toldAt } from './alarms/targets.ts'
import type { Registry } from './devices/registry.ts'

/**
 * What is in force of the registry and the endpoints (contract 7). A reload replaces it as a whole, so whoever needs it asks
 * for it anew each time and keeps nothing of it.
 */
export class InForce {
  #registry: Registry
  #targets: readonly NamedTarget[]
  #told: (escalationLevel: number) => string[]

  constructor(given: { registry: Registry; targets: readonly NamedTarget[] }) {
    this.#registry = given.registry
    this.#targets = given.targets
    this.#told = toldAt(given.targets)
  }

  replace(given: { registry: Registry; targets: readonly NamedTarget[] }): void {
    this.#registry = given.registry
    this.#targets = given.targets
    this.#told = toldAt(given.targets)
  }

  get registry(): Registry {
    return this.#registry
  }

  get targets(): readonly NamedTarget[] {
    return this.#targets
  }

  sites = () => this.#registry.sites()
  devices = () => this.#registry.devices()
  site = (id: string) => this.#registry.site(id)
  device = (id: string) => this.#registry.device(id)
  endpointIds = (): string[] => this.#targets.map(({ id }) => id)
  /** Who is told at an escalation level. */
  told = (escalationLevel: number): string[] => this.#told(escalationLevel)
}

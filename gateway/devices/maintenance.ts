/**
 * Maintenance windows (domain.md): somebody works on a site or a device. Alarms in it are marked and still delivered, silence in
 * it is not reported, and it ends by itself. Held in memory beside the disk, since each alarm and each tick asks.
 */
export type Window = {
  id: string
  /** Exactly one of site and device is set. */
  site: string | null
  device: string | null
  fromMs: number
  untilMs: number
  by: string
  note: string | null
}

/** An alarm is judged by when it came, which may be before a restart: windows are known for a while after their end. */
export const rememberedMs = 24 * 60 * 60_000

export class Maintenance {
  #windows: Window[]

  constructor(windows: readonly Window[]) {
    this.#windows = [...windows]
  }

  begin(window: Window): void {
    this.#windows = [...this.#windows.filter(({ untilMs }) => untilMs > window.fromMs - rememberedMs), window]
  }

  end(id: string, now: number): void {
    this.#windows = this.#windows.map(window =>
      window.id === id ? { ...window, untilMs: Math.min(window.untilMs, now) } : window,
    )
  }

  /** The clock was set by so much: one lasts as long as it was meant to. */
  clockMoved(byMs: number): void {
    this.#windows = this.#windows.map(window => ({
      ...window,
      fromMs: window.fromMs + byMs,
      untilMs: window.untilMs + byMs,
    }))
  }

  covers = (site: string, device: string, at: number): boolean =>
    this.#windows.some(
      window => (window.site === site || window.device === device) && window.fromMs <= at && at < window.untilMs,
    )

  openAt = (now: number): Window[] => this.#windows.filter(({ untilMs }) => untilMs > now)
}

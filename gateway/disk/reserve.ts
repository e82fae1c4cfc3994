import { existsSync, rmSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Room that the gateway has taken from the disk before anybody else could: some MiB in a file, given back when a commit finds
 * the disk full. What others fill a disk with, they fill it to the last byte; alarms then still find a place.
 */
export class Reserve {
  readonly #file: string
  #held = false

  constructor(dir: string) {
    this.#file = join(dir, 'reserve')
  }

  get held(): boolean {
    return this.#held
  }

  /** Also that of an earlier run, which this one hasn't taken yet. */
  get exists(): boolean {
    return existsSync(this.#file)
  }

  /** Takes `bytes`, written in full since a hole takes no room. Where there is none, there is no reserve. */
  async take(bytes: number): Promise<void> {
    if ((await stat(this.#file).catch(() => undefined))?.size === bytes) {
      this.#held = true
      return
    }
    const file = await open(this.#file, 'w', 0o600)
    try {
      // Not zeros, which a file system that compresses would keep for nothing.
      const noise = crypto.getRandomValues(new Uint8Array(65_536))
      for (let left = bytes; left > 0; left -= noise.byteLength)
        await file.write(noise, 0, Math.min(left, noise.byteLength))
      this.#held = true
    } finally {
      await file.close()
      if (!this.#held) await rm(this.#file, { force: true })
    }
  }

  /** At once: a commit waits for the room. */
  give(): void {
    rmSync(this.#file, { force: true })
    this.#held = false
  }
}

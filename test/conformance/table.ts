import { startPermissive } from './permissive.ts'
import { play } from './play.ts'
import type { Row } from './row.ts'
import { connecting } from './rows/connecting.ts'
import { format } from './rows/format.ts'
import { publishing } from './rows/publishing.ts'
import { sessions } from './rows/sessions.ts'
import { subscribing } from './rows/subscribing.ts'

export const table: Row[] = [...format, ...connecting, ...publishing, ...subscribing, ...sessions]

export type Played = Row & { why: string | undefined }

const atOnce = 16

/** Each row has a broker of its own, so they can be played side by side. */
export async function playAll(rows: Row[]): Promise<Played[]> {
  const left = [...rows.entries()]
  const played: Played[] = []
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, row] = next
      const broker = await startPermissive('127.0.0.1', 0)
      played[index] = { ...row, why: await play(row, broker.port) }
      await broker.stop()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return played
}

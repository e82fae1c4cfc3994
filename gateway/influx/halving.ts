import type { IPoint } from 'influx'

/** A point on its way, with its journal number. */
export type Sent = { seq: number; point: IPoint }
/** A point that InfluxDB refused when it came alone. */
export type Refused = Sent & { reason: string }

/**
 * Writes all points; where InfluxDB refuses a batch, halves it until the refused ones stand alone. Halves that were in
 * part written already are written again, which changes nothing (contract 4).
 * `write` resolves with the reason of a refusal, or undefined; what it throws is thrown on.
 */
export async function writeHalving(
  points: Sent[],
  write: (points: IPoint[]) => Promise<string | undefined>,
): Promise<Refused[]> {
  if (points.length === 0) return []
  const reason = await write(points.map(({ point }) => point))
  if (reason === undefined) return []
  const [only] = points
  if (points.length === 1 && only !== undefined) return [{ ...only, reason }]
  const middle = points.length >> 1
  const first = await writeHalving(points.slice(0, middle), write)
  return [...first, ...(await writeHalving(points.slice(middle), write))]
}

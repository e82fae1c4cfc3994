import { until } from './until.ts'

/** Somebody who watches GET /api/v1/stream, as a client without a library would read it. */
export type Seen = { id?: string; event: string; data: Record<string, unknown> }
export type Watcher = {
  status: number
  headers: Headers
  seen: Seen[]
  /** Lines that are comments. */
  heartbeats: () => number
  /** The first event, also one that came before, that `matches`. */
  next(what: string, matches: (seen: Seen) => boolean): Promise<Seen>
  /** Resolves when the other side ends it; rejects when it cuts it. */
  ended: Promise<void>
  leave(): void
}

export async function watch(url: string, token: string, lastEventId?: string): Promise<Watcher> {
  const leaving = new AbortController()
  const response = await fetch(`${url}/api/v1/stream`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: leaving.signal,
  })
  const seen: Seen[] = []
  let comments = 0
  async function read() {
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop() as string
      for (const block of blocks) {
        const lines = block.split('\n').map(line => /^([a-z]*): ?(.*)$/.exec(line) ?? [line, '', ''])
        if (lines[0]?.[0] === ':') comments++
        const field = Object.fromEntries(lines.map(([, name, value]) => [name, value]))
        if (field.event === undefined) continue
        seen.push({
          ...(field.id === undefined ? {} : { id: field.id }),
          event: field.event,
          data: JSON.parse(field.data!),
        })
      }
    }
  }
  const ended = read()
  ended.catch(() => {})
  return {
    status: response.status,
    headers: response.headers,
    seen,
    heartbeats: () => comments,
    next: (what, matches) => until(() => seen.find(matches), what),
    ended,
    leave: () => leaving.abort(),
  }
}

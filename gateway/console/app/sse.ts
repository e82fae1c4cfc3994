/** One server-sent event (WHATWG HTML 9.2.6). `id`: of the last event that had one. */
export type ServerEvent = { name: string; data: string; id: string | undefined }

/** An event that is never ended must not fill the memory: the biggest snapshot is far below. */
const maxWaiting = 32_000_000

/** Takes the stream's text as it comes, in whatever pieces; gives the events that are whole. Throws when one has no end. */
export function createSseParser(): (piece: string) => ServerEvent[] {
  let waiting = ''
  let name = ''
  let data: string[] = []
  let id: string | undefined
  return piece => {
    waiting += piece
    if (waiting.length > maxWaiting) throw new Error('an event of the stream has no end')
    const events: ServerEvent[] = []
    // A CR at the very end may be half of a line break.
    const lines = waiting.split(/\r\n|\n|\r(?!$)/)
    waiting = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) events.push({ name: name || 'message', data: data.join('\n'), id })
        name = ''
        data = []
        continue
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) as unknown as [string, string, string]
      if (field === 'event') name = value
      else if (field === 'data') data.push(value)
      else if (field === 'id' && !value.includes('\0')) id = value
    }
    return events
  }
}

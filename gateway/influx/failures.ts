/**
 * What an attempt to write came to, other than success (design 6). Pure.
 * - `wait`: nothing is wrong with the points; the same batch again later.
 * - `no-database`: the same, once the database is made.
 * - `bad-points`: InfluxDB refuses some of the batch, or its size. It may have written the others.
 */
export type Failure =
  | { class: 'wait'; code: WaitCode; message: string }
  | { class: 'no-database'; message: string }
  | { class: 'bad-points'; reason: string }
export type WaitCode = 'influx.unreachable' | 'influx.timeout' | 'influx.unauthorized' | 'influx.busy' | 'influx.failed'

/** Longest reason that is kept, characters. */
const reasonLimit = 300

/** Judges an error of the `influx` package or of the guard around it. `where` names the server, without credentials. */
export function classify(error: unknown, where: string): Failure {
  const answer = answerOf(error)
  if (answer !== undefined) return classifyAnswer(answer.status, answer.body, where)
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (code === 'ETIMEDOUT' || message === 'Request timed out')
    return { class: 'wait', code: 'influx.timeout', message: `InfluxDB at ${where} does not answer in time` }
  if (typeof code === 'string')
    return {
      class: 'wait',
      code: 'influx.unreachable',
      message: `InfluxDB at ${where} can't be reached (${code}): is it running, and is GATEHOUSE_INFLUX_URL right?`,
    }
  // The package's ServiceNotAvailableError: a 5xx, of which it keeps only the status text.
  return { class: 'wait', code: 'influx.failed', message: `InfluxDB at ${where} fails: ${cut(String(message))}` }
}

function classifyAnswer(status: number, body: string, where: string): Failure {
  const said = influxSays(body)
  if (status === 413) return { class: 'bad-points', reason: said ?? 'too large (413)' }
  // A 400 is about our points only if InfluxDB says it. Of a proxy in between it is an outage like any other, and must
  // not send a whole journal into quarantine.
  if ((status === 400 || status === 422) && said !== undefined) return { class: 'bad-points', reason: said }
  if (status === 404 && said?.startsWith('database not found')) return { class: 'no-database', message: said }
  if (status === 401 || status === 403)
    return {
      class: 'wait',
      code: 'influx.unauthorized',
      message: `InfluxDB at ${where} refuses the user (${status}): check GATEHOUSE_INFLUX_USERNAME, GATEHOUSE_INFLUX_PASSWORD and the user's rights`,
    }
  if (status === 429)
    return { class: 'wait', code: 'influx.busy', message: `InfluxDB at ${where} asks to slow down (429)` }
  return {
    class: 'wait',
    code: 'influx.failed',
    message: `InfluxDB at ${where} answered ${status}${said === undefined ? '' : `: ${said}`}`,
  }
}

/** The package's RequestError, known by its shape because the class is not exported. Its `req` holds the password. */
function answerOf(error: unknown): { status: number; body: string } | undefined {
  const { res, message } = error as { res?: { statusCode?: unknown }; message?: unknown }
  if (typeof res?.statusCode !== 'number' || typeof message !== 'string') return undefined
  const start = message.indexOf(' error occurred: ')
  return { status: res.statusCode, body: start < 0 ? '' : message.slice(start + ' error occurred: '.length) }
}

/** InfluxDB 1.x answers `{"error": text}`, 2.x `{"code", "message": text}`; undefined for anything else. */
function influxSays(body: string): string | undefined {
  try {
    const { error, message } = JSON.parse(body) as { error?: unknown; message?: unknown }
    const text = typeof error === 'string' ? error : message
    return typeof text === 'string' && text !== '' ? cut(withoutPoint(text)) : undefined
  } catch {
    return undefined
  }
}

/** A parse error repeats the whole line, which must not reach a log. What differs from point to point goes too. */
const withoutPoint = (text: string): string =>
  text
    .replace(/unable to parse '[\s\S]*'(?=:)/g, "unable to parse '…'")
    .replace(/ dropped=\d+/g, '')
    .trim()

const cut = (text: string): string => (text.length > reasonLimit ? `${text.slice(0, reasonLimit)}…` : text)

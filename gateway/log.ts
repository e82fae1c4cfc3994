import { type Logger, pino } from 'pino'

/**
 * JSON lines on stdout. One wide line per finished thing; no payloads, plates, person references or secrets.
 * Written synchronously: a line that was logged is there after SIGKILL.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>

export const createLog = (level: string): Log =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: label => ({ level: label }) } },
    pino.destination({ fd: 1, sync: true }),
  )

export const silentLog: Log = pino({ level: 'silent' })

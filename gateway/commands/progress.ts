/**
 * How far long work is, on stderr: a bar that stays in its line on a terminal, else a plain line now and then, so that a log says
 * that it goes on. Short work says nothing. `NO_COLOR` (no-color.org) leaves out colour; a dumb terminal gets plain lines.
 */
export type Terminal = { noColor: boolean; dumb: boolean }
export type Screen = { isTTY?: boolean; columns?: number; write(text: string): unknown }
export type Progress = {
  /** `what` in a word or two; `done` of `all`, in whatever unit. */
  (what: string, done: number, all: number): void
  /** Leaves the line, so that what is written next begins one. To be called however the work ends. */
  end(): void
}

const barEveryMs = 100
const lineEveryMs = 10_000
const maxCells = 30

export function createProgress(screen: Screen, terminal: Terminal, nowMs: () => number): Progress {
  const isBar = screen.isTTY === true && !terminal.dumb
  const everyMs = isBar ? barEveryMs : lineEveryMs
  let shownMs = isBar ? Number.NEGATIVE_INFINITY : nowMs()
  let inLine = false
  const progress = (what: string, done: number, all: number) => {
    const now = nowMs()
    const isWhole = done >= all
    if (now - shownMs < everyMs && !(isWhole && inLine)) return
    shownMs = now
    const share = all === 0 ? 1 : Math.min(1, done / all)
    if (!isBar) return void screen.write(`${what}: ${percent(share)}, ${count(done)} of ${count(all)}\n`)
    const text = barOf(what, share, `${count(done)}/${count(all)}`, screen.columns ?? 80, !terminal.noColor)
    screen.write(`\r${text}\u001b[K${isWhole ? '\n' : ''}`)
    inLine = !isWhole
  }
  return Object.assign(progress, {
    end() {
      if (inLine) screen.write('\n')
      inLine = false
    },
  })
}

/** At most `columns` wide, the escapes of colour aside: a line that is broken can't be written over. */
function barOf(what: string, share: number, counted: string, columns: number, isColoured: boolean): string {
  const words = `${what} ${percent(share)} ${counted}`
  const cells = Math.min(maxCells, columns - words.length - 4)
  if (cells < 5) return words.slice(0, Math.max(0, columns - 1))
  const full = Math.round(share * cells)
  const bar = '#'.repeat(full)
  return `${what} [${isColoured ? `\u001b[32m${bar}\u001b[0m` : bar}${'-'.repeat(cells - full)}] ${percent(share)} ${counted}`
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`
const count = (value: number): string => value.toLocaleString('en')

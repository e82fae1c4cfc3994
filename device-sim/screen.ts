/**
 * Lines that stay, and one progress line below them. On a terminal the progress line is rewritten in place; in a pipe
 * each is a line of its own, less often.
 */
export type Screen = {
  say: (text: string) => void
  progress: (line: string) => void
  /** Clears the progress line. */
  end: () => void
  /** How often a progress line is wanted here. */
  intervalMs: number
}

type Output = { write: (text: string) => unknown; isTTY?: boolean | undefined; columns?: number | undefined }

const clearLine = '\r\u001b[2K'

export function createScreen(output: Output): Screen {
  if (output.isTTY !== true)
    return {
      say: text => output.write(`${text}\n`),
      progress: line => output.write(`${line}\n`),
      end: () => {},
      intervalMs: 5000,
    }
  let shown = ''
  const draw = () => output.write(`${clearLine}${shown.slice(0, (output.columns ?? 80) - 1)}`)
  return {
    say: text => {
      output.write(`${clearLine}${text}\n`)
      if (shown !== '') draw()
    },
    progress: line => {
      shown = line
      draw()
    },
    end: () => {
      shown = ''
      output.write(clearLine)
    },
    intervalMs: 500,
  }
}

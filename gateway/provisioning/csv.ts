/** CSV as RFC 4180 and spreadsheets write it: quotes, `""` in them, line breaks in quotes, CRLF or LF, a BOM or none. */
export type Row = { line: number; cells: string[] }

/** Rows that aren't blank, each with the line it begins on; and what can't be read, by line. */
export function parseCsv(text: string): { rows: Row[]; mistakes: string[] } {
  const rows: Row[] = []
  const mistakes: string[] = []
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const row: Row = { line, cells: [] }
    for (;;) {
      if (text[at] === '"') {
        const cell = quoted(text, at)
        if (cell === undefined) return { rows, mistakes: [...mistakes, `${line}: a quote that begins here has no end`] }
        row.cells.push(cell.value)
        line += cell.value.split('\n').length - 1
        at = cell.end
        if (!isEnd(text[at])) {
          mistakes.push(`${line}: something stands behind the closing quote of cell ${row.cells.length}`)
          at = endOf(text, at)
        }
      } else {
        const end = endOf(text, at)
        row.cells.push(text.slice(at, end).trim())
        at = end
      }
      if (text[at] !== ',') break
      at++
    }
    if (row.cells.some(cell => cell !== '')) rows.push(row)
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    line++
  }
  return { rows, mistakes }
}

const isEnd = (character: string | undefined): boolean =>
  character === undefined || character === ',' || character === '\n' || character === '\r'

function endOf(text: string, from: number): number {
  let at = from
  while (!isEnd(text[at])) at++
  return at
}

function quoted(text: string, from: number): { value: string; end: number } | undefined {
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return undefined
    if (text[quote + 1] !== '"')
      return {
        value: text
          .slice(from + 1, quote)
          .replaceAll('""', '"')
          .trim(),
        end: quote + 1,
      }
    at = quote + 2
  }
}

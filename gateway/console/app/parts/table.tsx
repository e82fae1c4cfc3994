import type { ComponentChildren } from 'preact'

/** One column: its head, and what stands in it. `number`: set to the right, under each other. */
export type Column<Row> = { head: string; cell: (row: Row) => ComponentChildren; number?: boolean }

/** Rows of a list. `label` says to a screen reader what they are; `empty` stands there when there are none. */
export function Table<Row>(props: {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
  empty: string
}) {
  const { label, columns, rows, keyOf, empty } = props
  if (rows.length === 0) return <p class="quiet">{empty}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard
    <section class="table-room" tabIndex={0} aria-label={label}>
      <table class="rows stacking">
        <thead>
          <tr>
            {columns.map(({ head, number }) => (
              <th key={head} scope="col" class={number ? 'number' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, number }) => (
                <td key={head} class={number ? 'number' : undefined} data-name={head}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { useStation } from '../station.ts'
import { axisTime } from '../time-axis.ts'

/** One series: its name, the theme's colour (`--alarm`), its figures. */
export type Series = { name: string; colour: string; values: readonly number[] }

/**
 * Bars over time, by uPlot. A canvas says nothing to a screen reader: `summary` does, and `children`, a table, for whoever opens it.
 * `series` are drawn in their order, later ones over earlier ones; `marked` buckets have a triangle above, for what is too rare to
 * show as a bar. Marking a part with the mouse chooses that time.
 */
export function Chart(props: {
  summary: string
  starts: readonly number[]
  bucketMs: number
  series: readonly Series[]
  height: number
  marked: readonly boolean[]
  onChoose?: (fromMs: number, toMs: number) => void
  children?: ComponentChildren
}) {
  const { summary, starts, bucketMs, series, height } = props
  const { settings } = useStation()
  const theme = settings.theme.value
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const marked = useRef(props.marked)
  marked.current = props.marked
  const choose = useRef(props.onChoose)
  choose.current = props.onChoose
  // Middle of each bucket, in s.
  const data: uPlot.AlignedData = [
    starts.map(start => (start + bucketMs / 2) / 1000),
    ...series.map(({ values }) => values as number[]),
  ]
  const drawn = useRef(data)
  drawn.current = data
  const shape = series.map(({ name, colour }) => `${name} ${colour}`).join()
  const range = useRef<[number, number]>([0, 1])
  range.current = [(starts[0] ?? 0) / 1000, ((starts.at(-1) ?? 0) + bucketMs) / 1000]
  const scheme = useScheme()

  // Made anew when what it is made of changes; the figures are put in below.
  useEffect(() => {
    const element = place.current as HTMLDivElement
    const style = getComputedStyle(element)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const lines = { stroke: colour('--line'), width: 1 }
    const axis = { stroke: colour('--quiet'), font: `12px ${style.fontFamily}`, grid: lines, ticks: lines }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [8, 4, 0, 0],
        legend: { show: false },
        cursor: {
          points: { show: false },
          y: false,
          drag: { x: choose.current !== undefined, y: false, setScale: false },
        },
        scales: {
          x: { time: true, range: () => range.current },
          y: { range: (_plot, _min, max) => [0, Math.max(1, max)] },
        },
        axes: [
          {
            ...axis,
            size: 28,
            space: 70,
            values: (_plot, splits) =>
              splits.map((s, at) => axisTime(s * 1000, at === 0 ? undefined : splits[at - 1]! * 1000)),
          },
          {
            ...axis,
            size: 44,
            space: 28,
            values: (_plot, splits) => splits.map(short),
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
          },
        ],
        series: [
          {},
          ...series.map(({ name, colour: token }) => ({
            label: name,
            fill: colour(token),
            width: 0,
            points: { show: false },
            paths: uPlot.paths.bars!({ size: [0.9, 60], align: 0 }),
          })),
        ],
        hooks: {
          draw: [plot => drawMarks(plot, marked.current, colour('--alarm'))],
          setSelect: [
            chosen => {
              const { left, width } = chosen.select
              if (width < 4) return
              const ms = (x: number) => Math.round(chosen.posToVal(x, 'x')) * 1000
              choose.current?.(ms(left), ms(left + width))
              chosen.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      drawn.current,
      element,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [shape, theme, scheme, height])

  // Their text stands for the figures.
  useEffect(() => void plot.current?.setData(drawn.current), [JSON.stringify([data, props.marked])])

  return (
    <figure class="chart">
      <figcaption class="legend">
        {series.map(({ name, colour }) => (
          <span key={name} class="key">
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" fill={`var(${colour})`} />
            </svg>{' '}
            {name}
          </span>
        ))}
      </figcaption>
      <div ref={place} role="img" aria-label={summary} style={{ height: `${height}px` }} />
      {props.children}
    </figure>
  )
}

/** A triangle on the upper edge, over the middle of its bucket. */
function drawMarks(plot: uPlot, marked: readonly boolean[], colour: string): void {
  const { ctx, bbox } = plot
  const size = 5 * uPlot.pxRatio
  // uPlot remembers what it set last, and would draw its axes in ours.
  ctx.save()
  ctx.fillStyle = colour
  for (const [at, second] of plot.data[0].entries()) {
    if (!marked[at]) continue
    const x = plot.valToPos(second, 'x', true)
    ctx.beginPath()
    ctx.moveTo(x, bbox.top - size)
    ctx.lineTo(x + size, bbox.top + size)
    ctx.lineTo(x - size, bbox.top + size)
    ctx.fill()
  }
  ctx.restore()
}

/** `1.5k`: an axis has little room. */
const short = (value: number): string => (value < 1000 ? String(value) : `${value / 1000}k`)

/** Whether the system is dark, and again when it changes: a canvas doesn't follow by itself. */
function useScheme(): boolean {
  const [isDark, setDark] = useState(false)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const look = () => setDark(media.matches)
    look()
    media.addEventListener('change', look)
    return () => media.removeEventListener('change', look)
  }, [])
  return isDark
}

import { barsOf, stacked } from '../counted.ts'
import { grouped } from '../figures.ts'
import { Chart } from '../parts/chart.tsx'
import { Failure } from '../parts/failure.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { boundsOf, isoOf, localText } from '../range.ts'
import { useStation } from '../station.ts'
import { dayAndTime, timeOrDay } from '../time.ts'
import { eventWords } from '../words/events.ts'
import { partWords } from '../words/parts.ts'
import { useWords } from '../words/words.ts'
import type { EventFilter } from './filter.ts'

const colours = { alarm: '--alarm', events: '--quiet', life: '--faint' } as const
const height = 130
const everyMs = 15_000

/** How many there were over time. The gateway counts; nothing is read for it here. */
export function Counts(props: { filter: EventFilter; isFollowing: boolean; onFilter: (filter: EventFilter) => void }) {
  const { filter, isFollowing, onFilter } = props
  const { api, clock } = useStation()
  const words = useWords(eventWords)
  const { loading } = useWords(partWords)
  const { site, device, kind, range } = filter
  const { data, error, again } = useRead(
    `counts ${JSON.stringify(filter)}`,
    signal => {
      const { fromMs, toMs } = boundsOf(range, clock.at())
      return api.get(
        'events/histogram',
        { site, device, kind, from: isoOf(fromMs), to: isoOf(toMs), buckets: 90 },
        signal,
      )
    },
    isFollowing ? everyMs : undefined,
  )
  if (data === undefined)
    return error === undefined ? <p class="quiet room">{loading}</p> : <Failure error={error} onAgain={again} />
  const bars = barsOf(data)
  const rows = stacked(bars.groups.map(({ counts }) => counts))
  const alarms = bars.groups.find(({ group }) => group === 'alarm')?.counts ?? []
  const alarmTotal = alarms.reduce((sum, count) => sum + count, 0)
  const time = (ms: number) => timeOrDay(ms, clock.now.peek())
  return (
    <Chart
      summary={words.chart(grouped(bars.total), dayAndTime(data.from), dayAndTime(data.to))}
      starts={bars.starts}
      bucketMs={data.bucketMs}
      height={height}
      marked={alarms.map(count => count > 0)}
      series={bars.groups.map(({ group }, index) => ({
        name: words.groups[group],
        colour: colours[group],
        values: rows[index] ?? [],
      }))}
      onChoose={(fromMs, toMs) => onFilter({ ...filter, range: { from: localText(fromMs), to: localText(toMs) } })}
    >
      <div class="beside">
        <span>{words.total(grouped(bars.total))}</span>
        {alarmTotal > 0 && <b class="alarm">{words.alarms(grouped(alarmTotal))}</b>}
        <span class="quiet pointer-only">{words.dragHint}</span>
        {data.countedFrom !== null && <span class="warn">⚠ {words.countedFrom(dayAndTime(data.countedFrom))}</span>}
        <details class="more">
          <summary>{words.asTable}</summary>
          <Table
            label={words.asTable}
            empty={words.noneCounted}
            rows={bars.starts
              .map((start, at) => ({ start, at }))
              .filter(({ at }) => bars.groups.some(({ counts }) => (counts[at] ?? 0) > 0))}
            keyOf={({ at }) => at}
            columns={[
              { head: words.from, cell: ({ start }) => time(start) },
              ...bars.groups.map(({ group, counts }) => ({
                head: words.groups[group],
                number: true,
                cell: ({ at }: { at: number }) => grouped(counts[at] ?? 0),
              })),
            ]}
          />
        </details>
      </div>
    </Chart>
  )
}

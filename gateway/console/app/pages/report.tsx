import type { Alarm } from '../../../../schemas/alarm.ts'
import { Answer } from '../parts/answer.tsx'
import { Field } from '../parts/field.tsx'
import { TimeRange } from '../parts/time-range.tsx'
import { useRead } from '../parts/use-read.ts'
import { boundsOf, isoOf, queryOf, rangeOf } from '../range.ts'
import { isLeg, type LegName, legs, limitOf, scaleOf, shortTime } from '../report/strip.ts'
import { Strips } from '../report/strips.tsx'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { frameWords } from '../words/frame.ts'
import { reportWords } from '../words/report.ts'
import { useWords } from '../words/words.ts'

const quick = ['24h', '7d', '30d', '90d', '365d'] as const
const modes: readonly Alarm['mode'][] = ['actual', 'drill', 'test']

/** How fast each site was helped, leg by leg. */
export function Report() {
  const { api, clock, route } = useStation()
  const words = useWords(reportWords)
  const { pages } = useWords(frameWords)
  const { modes: modeNames } = useWords(alarmWords)
  const { query } = route.value
  const range = rangeOf(query, '30d')
  const mode = modes.find(one => one === query.mode) ?? 'actual'
  const leg: LegName = isLeg(query.leg) ? query.leg : 'arriveMs'
  const read = useRead(`report ${mode} ${JSON.stringify(range)}`, signal => {
    const { fromMs, toMs } = boundsOf(range, clock.at())
    return api.get('reports/response', { mode, from: isoOf(fromMs), to: isoOf(toMs) }, signal)
  })
  const go = (more: Record<string, string | undefined>) => {
    window.location.hash = hashOf('report', { ...queryOf(range), mode, leg, ...more })
  }
  const items = read.data?.items ?? []
  const alarms = items.reduce((sum, item) => sum + item.alarms, 0)
  const over = items.filter(item => (item.arriveMs.p90 ?? 0) > (limitOf(item, 'arriveMs') ?? Number.POSITIVE_INFINITY))
  return (
    <>
      <h1 class="unseen">{pages.report}</h1>
      <div class="filters">
        <TimeRange range={range} quick={quick} onChoose={next => go(queryOf(next))} />
        <Field label={words.mode}>
          <select value={mode} onChange={event => go({ mode: event.currentTarget.value })}>
            {modes.map(one => (
              <option key={one} value={one}>
                {modeNames[one]}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.leg}>
          <select value={leg} onChange={event => go({ leg: event.currentTarget.value })}>
            {legs.map(one => (
              <option key={one} value={one}>
                {words.legs[one]}
              </option>
            ))}
          </select>
        </Field>
        {mode !== 'actual' && <b class="mode">{modeNames[mode]}</b>}
      </div>
      <Answer of={read}>{() => items.length === 0 && <p class="quiet room">{words.empty}</p>}</Answer>
      {items.length > 0 && (
        <>
          <p>{words.summary(items.length, alarms, over.length)}</p>
          <p class="quiet small">
            {words.legsLong[leg]} · {words.key} · {words.rightEnd(shortTime(scaleOf(items, leg).maxMs))} ·{' '}
            {words.figures}
          </p>
          <Strips items={items} leg={leg} onLeg={one => go({ leg: one })} />
        </>
      )}
    </>
  )
}

import { useStation } from '../station.ts'
import { reportWords } from '../words/report.ts'
import { useWords } from '../words/words.ts'
import { type Item, type LegName, legs, ranked, scaleOf, shortTime, stripOf } from './strip.ts'
import { StripRow } from './strip-row.tsx'

/** One line per site: its strip of the leg that is drawn, and the figures of all of them beside it. */
export function Strips(props: { items: readonly Item[]; leg: LegName; onLeg: (leg: LegName) => void }) {
  const { items, leg, onLeg } = props
  const { world } = useStation()
  const words = useWords(reportWords)
  const names = new Map(world.sites.value.map(({ id, name }) => [id, name]))
  const { maxMs, ticks } = scaleOf(items, leg)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard
    <section class="table-room" tabIndex={0} aria-label={words.label}>
      <table class="rows stacking strips">
        <thead>
          <tr>
            <th scope="col">{words.site}</th>
            <th scope="col" class="number">
              {words.class}
            </th>
            <th scope="col" class="number">
              {words.alarms}
            </th>
            <th scope="col" class="number" title={words.withinLong}>
              {words.within}
            </th>
            <th scope="col" class="plot">
              <span class="unseen">{words.legsLong[leg]}</span>
              <span class="scale" aria-hidden="true">
                {ticks.map(ms => (
                  <span key={ms}>{ms === 0 ? '0' : shortTime(ms)}</span>
                ))}
              </span>
            </th>
            {legs.map(name => (
              <th key={name} scope="col" class="number" aria-sort={name === leg ? 'descending' : 'none'}>
                <button type="button" class="plain" aria-pressed={name === leg} onClick={() => onLeg(name)}>
                  {words.legs[name]}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ranked(items, leg).map(item => {
            const strip = stripOf(item, leg, maxMs)
            return (
              <tr key={item.site}>
                <th scope="row">{names.get(item.site) ?? item.site}</th>
                <td class="number" data-name={words.class}>
                  {words.minutes(item.responseMinutes)}
                </td>
                <td class="number" data-name={words.alarms}>
                  {item.alarms}
                </td>
                <td
                  class={item.withinClass !== null && item.withinClass < 1 ? 'number warn' : 'number'}
                  data-name={words.within}
                >
                  {item.withinClass === null ? '–' : `${Math.floor(item.withinClass * 100)}%`}
                </td>
                <td class="plot">
                  <StripRow strip={strip} ticks={ticks.length} />
                </td>
                {legs.map(name => (
                  <Figures key={name} item={item} leg={name} isDrawn={name === leg} />
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

function Figures({ item, leg, isDrawn }: { item: Item; leg: LegName; isDrawn: boolean }) {
  const words = useWords(reportWords)
  const { p50, p90 } = item[leg]
  if (p50 === null || p90 === null)
    return (
      <td class="number quiet" data-name={words.legs[leg]}>
        <span aria-hidden="true">–</span>
        <span class="unseen">{words.none}</span>
      </td>
    )
  const isOver = stripOf(item, leg, 1)?.isOver === true
  return (
    <td class={isDrawn ? 'number drawn' : 'number'} data-name={words.legs[leg]}>
      {shortTime(p50)} <span class="quiet">/</span>{' '}
      <span class={isOver ? 'warn' : undefined}>
        {isOver && (
          <>
            <span aria-hidden="true">⚠</span>
            <span class="unseen">{words.over}</span>{' '}
          </>
        )}
        {shortTime(p90)}
      </span>
    </td>
  )
}

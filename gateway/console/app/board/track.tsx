import type { Alarm, Stage } from '../../../../schemas/alarm.ts'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { alarmWords } from '../words/alarm.ts'
import { useWords } from '../words/words.ts'

const stages: readonly Stage[] = ['raised', 'delivered', 'acknowledged', 'dispatched', 'arrived', 'closed']

/** RAISED ● DELIVERED ○ …: what is reached and when, what is to come. One that was skipped is no dot. */
export function Track({ alarm }: { alarm: Alarm }) {
  const { clock } = useStation()
  const words = useWords(alarmWords)
  const now = stages.indexOf(alarm.stage)
  return (
    <ol class="track">
      {stages.map((stage, index) => {
        const line = alarm.history.find(({ what }) => what === stage)
        const state = index > now ? 'to-come' : line === undefined ? 'skipped' : index === now ? 'current' : 'reached'
        return (
          <li key={stage} class={state} aria-current={index === now ? 'step' : undefined}>
            <i aria-hidden="true">{state === 'to-come' ? '○' : state === 'skipped' ? '–' : '●'}</i>
            <span>{words.stages[stage]}</span>
            <time>{line !== undefined && timeOrDay(line.at, clock.now.value)}</time>
          </li>
        )
      })}
    </ol>
  )
}

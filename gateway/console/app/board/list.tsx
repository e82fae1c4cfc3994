import type { Alarm } from '../../../../schemas/alarm.ts'
import { ModeBadge } from '../parts/stage.tsx'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { ClockText, WaitText } from './clock-text.tsx'
import { isUnacknowledged } from './deadline.ts'

export function AlarmList() {
  const { selection, live } = useStation()
  const words = useWords(boardWords)
  const isKnown = live.round.value > 0
  const list = selection.list.value
  return (
    <section class="open-alarms" aria-labelledby="open-alarms">
      <h2 id="open-alarms">
        {words.openAlarms} {isKnown && `(${list.length})`}
      </h2>
      {list.length === 0 && !isKnown ? (
        <p class="none quiet">{words.reading}</p>
      ) : list.length === 0 ? (
        <div class="none">
          <p>○ {words.none}</p>
          <p class="quiet">{words.noneMore}</p>
        </div>
      ) : (
        <ol>
          {list.map(alarm => (
            <Row key={alarm.id} alarm={alarm} isShown={selection.shown.value?.id === alarm.id} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Row({ alarm, isShown }: { alarm: Alarm; isShown: boolean }) {
  const { triggers } = useWords(alarmWords)
  const loud = isUnacknowledged(alarm)
  return (
    <li>
      <a
        class={`alarm-row ${alarm.mode} ${loud ? 'loud' : 'taken'}`}
        href={hashOf('alarm', {}, alarm.id)}
        aria-current={isShown ? 'true' : undefined}
      >
        <span class="sign" aria-hidden="true">
          {alarm.mode === 'actual' ? (loud ? '▲' : '△') : '◌'}
        </span>
        <span class="where">
          <ModeBadge mode={alarm.mode} /> <b>{alarm.site.name}</b>
        </span>
        <ClockText alarm={alarm} />
        <span class="what">
          {alarm.device.placement ?? alarm.device.name} · {triggers[alarm.trigger]}
          {alarm.pressCount > 1 && ` ×${alarm.pressCount}`}
        </span>
        <WaitText alarm={alarm} />
      </a>
    </li>
  )
}

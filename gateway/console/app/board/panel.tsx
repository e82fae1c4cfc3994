import { useEffect } from 'preact/hooks'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { ApiError } from '../api.ts'
import { Failure } from '../parts/failure.tsx'
import { ModeBadge } from '../parts/stage.tsx'
import { useRead } from '../parts/use-read.ts'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { ClockText, WaitText } from './clock-text.tsx'
import { isUnacknowledged } from './deadline.ts'
import { Facts } from './facts.tsx'
import { History, Missed, Recent } from './history.tsx'
import { Steps } from './steps.tsx'
import { Track } from './track.tsx'

/** The alarm that is open, beside the list; on a phone a sheet over it, once it is asked for. */
export function Panel() {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const { asked, shown } = selection
  const alarm = shown.value
  return (
    <section
      class={asked.value === undefined ? 'panel' : 'panel asked'}
      aria-label={alarm?.site.name ?? words.openAlarms}
    >
      {alarm !== undefined ? (
        <One key={alarm.id} alarm={alarm} />
      ) : asked.value !== undefined ? (
        <Unknown key={asked.value} id={asked.value} />
      ) : (
        <p class="quiet nothing">{words.select}</p>
      )}
    </section>
  )
}

function One({ alarm }: { alarm: Alarm }) {
  const { selection } = useStation()
  const words = useWords(boardWords)
  const { dispositions } = useWords(alarmWords)
  const note = alarm.history.findLast(({ what }) => what === 'closed')?.note
  return (
    <article class={`one ${alarm.mode} ${isUnacknowledged(alarm) ? 'loud' : 'taken'}`}>
      <header>
        <h2 class="title">
          <ModeBadge mode={alarm.mode} /> {alarm.site.name}{' '}
          <span class="place">{alarm.device.placement ?? alarm.device.name}</span>
        </h2>
        <button type="button" class="plain" onClick={selection.dismiss} aria-label={words.closeSheet}>
          ✕
        </button>
      </header>
      {alarm.stage === 'closed' ? (
        <p class="outcome">
          ✓ {alarm.disposition !== null && dispositions[alarm.disposition]} {note !== undefined && <q>{note}</q>}
        </p>
      ) : (
        <p class="counting">
          <ClockText alarm={alarm} /> <WaitText alarm={alarm} />
        </p>
      )}
      <Track alarm={alarm} />
      <Missed alarm={alarm} />
      {/* What was about to be closed as a drill is another thing once it is real. */}
      <Steps key={alarm.mode} alarm={alarm} />
      <Facts alarm={alarm} />
      <Recent alarm={alarm} />
      <History alarm={alarm} />
    </article>
  )
}

/** An alarm of another day, by its address: it is read and then known. */
function Unknown({ id }: { id: string }) {
  const { api, world } = useStation()
  const words = useWords(boardWords)
  const { data, error, again } = useRead(`alarm ${id}`, signal => api.alarm(id, signal))
  useEffect(() => {
    if (data !== undefined) world.takeAlarm(data)
  }, [data, world])
  if (error instanceof ApiError && error.status === 404) return <p class="quiet nothing">{words.gone}</p>
  return error === undefined ? null : <Failure error={error} onAgain={again} />
}

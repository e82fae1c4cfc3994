import { useState } from 'preact/hooks'
import type { MaintenanceView } from '../../../../schemas/actions.ts'
import { ApiError } from '../api.ts'
import { Failure } from '../parts/failure.tsx'
import { Field } from '../parts/field.tsx'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { siteWords } from '../words/sites.ts'
import { useWords } from '../words/words.ts'
import { isBegun } from './filter.ts'

/** What is maintained: a site, or one device. */
export type Place = { of: 'site' | 'device'; id: string; name: string }

const choices = [15, 30, 60, 120, 240, 480, 1440] as const

/** What stands in a row: the open window with its end, or the way to begin one. */
export function Window(props: {
  place: Place
  window: MaintenanceView | undefined
  isAsking: boolean
  onAsk: () => void
  onDone: () => void
}) {
  const { place, window, isAsking, onAsk, onDone } = props
  const { api, clock, live, session } = useStation()
  const words = useWords(siteWords)
  const [error, fail] = useState<unknown>()
  const mayAct = session.mayAct.value
  if (window === undefined)
    return mayAct ? (
      <button
        type="button"
        class="small plain"
        aria-expanded={isAsking}
        aria-label={words.beginLong(place.name)}
        disabled={!live.isLive()}
        onClick={onAsk}
      >
        {words.begin}
      </button>
    ) : null
  const end = async () => {
    try {
      await api.remove(`maintenance/${encodeURIComponent(window.id)}`)
      fail(undefined)
    } catch (failed) {
      fail(failed)
    }
    onDone()
  }
  const isOwn = window[place.of] === place.id
  return (
    <>
      <span class="warn">⚒ {words.until(timeOrDay(window.until, clock.now.peek()), window.by)}</span>{' '}
      {!isOwn && <span class="quiet">{words.viaSite}</span>}
      {isOwn && mayAct && (
        <button
          type="button"
          class="small"
          aria-label={words.endLong(place.name)}
          disabled={!live.isLive()}
          onClick={end}
        >
          {words.end}
        </button>
      )}
      {error !== undefined && <Failure error={error} />}
    </>
  )
}

export function Begin({ place, onDone }: { place: Place; onDone: () => void }) {
  const { api, live, session } = useStation()
  const words = useWords(siteWords)
  const [minutes, setMinutes] = useState(30)
  const [by, setBy] = useState(session.session.value?.name ?? '')
  const [note, setNote] = useState('')
  const [state, setState] = useState<{ busy: boolean; unsure?: boolean; error?: unknown }>({ busy: false })
  // Without an answer it may have begun; a second one of the same place would have to be ended by itself. So first one looks.
  const look = async (error: unknown) => {
    setState({ busy: true, error })
    try {
      const { items } = await api.get('maintenance')
      if (isBegun(items, place)) onDone()
      else setState({ busy: false, error })
    } catch (failed) {
      setState({ busy: false, unsure: true, error: failed })
    }
  }
  const begin = async () => {
    setState({ busy: true })
    try {
      const said = note.trim() === '' ? {} : { note: note.trim() }
      await api.post('maintenance', { [place.of]: place.id, minutes, by: by.trim(), ...said })
      onDone()
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) await look(error)
      else setState({ busy: false, error })
    }
  }
  return (
    <form
      class="begin"
      onSubmit={event => {
        event.preventDefault()
        void begin()
      }}
    >
      <b>{words.beginLong(place.name)}</b>
      <span class="quiet">{words.about}</span>
      <div class="filters">
        <Field label={words.minutes}>
          <select value={minutes} onChange={event => setMinutes(Number(event.currentTarget.value))}>
            {choices.map(one => (
              <option key={one} value={one}>
                {words.minutesText(one)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.by}>
          <input value={by} maxLength={64} required onInput={event => setBy(event.currentTarget.value)} />
        </Field>
        <Field label={words.note}>
          <input value={note} maxLength={256} onInput={event => setNote(event.currentTarget.value)} />
        </Field>
        <button type="submit" disabled={state.busy || state.unsure || by.trim() === '' || !live.isLive()}>
          {words.start}
        </button>
        <button type="button" class="plain" onClick={onDone}>
          {words.cancel}
        </button>
      </div>
      {state.unsure && <p class="warn">{words.unsure}</p>}
      {state.error !== undefined && (
        <Failure error={state.error} {...(state.unsure && { onAgain: () => void look(state.error) })} />
      )}
    </form>
  )
}

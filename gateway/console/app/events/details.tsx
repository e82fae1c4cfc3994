import { useState } from 'preact/hooks'
import type { EventView } from '../../../../schemas/api.ts'
import type { UnmaskedEvent } from '../../../../schemas/audit.ts'
import { Failure } from '../parts/failure.tsx'
import { Field } from '../parts/field.tsx'
import { useStation } from '../station.ts'
import { dayAndTime } from '../time.ts'
import { eventWords } from '../words/events.ts'
import { useWords } from '../words/words.ts'

/** Everything the gateway shows of one event, and for an administrator, with a reason and a line of the audit log, the rest. */
export function Details({ event }: { event: EventView }) {
  const words = useWords(eventWords)
  const { session } = useStation()
  const says = words.details
  return (
    <div class="details">
      <dl>
        <dt>{says.seq}</dt>
        <dd>{event.seq}</dd>
        {event.id !== null && (
          <>
            <dt>{says.id}</dt>
            <dd class="code">{event.id}</dd>
          </>
        )}
        <dt>{says.time}</dt>
        <dd>
          {dayAndTime(event.time)}{' '}
          <span class="quiet">{event.timeSource === 'device' ? says.fromDevice : says.fromGateway}</span>
        </dd>
        <dt>{says.receivedAt}</dt>
        <dd>{dayAndTime(event.receivedAt)}</dd>
        {event.clockSkewMs !== null && (
          <>
            <dt>{says.skew}</dt>
            <dd class="warn">{Math.round(event.clockSkewMs / 1000)} s</dd>
          </>
        )}
      </dl>
      <div>
        <h2>{says.payload}</h2>
        <pre>{JSON.stringify(event.data, null, 2)}</pre>
        {session.mayAdminister.value ? <Unmask seq={event.seq} /> : <p class="quiet">{words.onlyAdmin}</p>}
      </div>
    </div>
  )
}

type State = { is: 'closed' | 'asking' | 'waiting'; error?: unknown } | { is: 'shown'; data: UnmaskedEvent['data'] }

function Unmask({ seq }: { seq: number }) {
  const { api, live } = useStation()
  const words = useWords(eventWords)
  const [state, setState] = useState<State>({ is: 'closed' })
  const [reason, setReason] = useState('')
  const close = () => {
    setReason('')
    setState({ is: 'closed' })
  }
  const show = async () => {
    setState({ is: 'waiting' })
    try {
      const { data } = await api.post<UnmaskedEvent>(`events/${seq}/unmask`, { reason })
      setState({ is: 'shown', data })
    } catch (error) {
      setState({ is: 'asking', error })
    }
  }
  if (state.is === 'closed')
    return (
      <button type="button" disabled={!live.isLive()} onClick={() => setState({ is: 'asking' })}>
        {words.unmask}
      </button>
    )
  if (state.is === 'shown')
    return (
      <>
        <h2 class="warn">{words.unmasked}</h2>
        <pre class="unmasked">{JSON.stringify(state.data, null, 2)}</pre>
        <button type="button" onClick={close}>
          {words.hide}
        </button>
      </>
    )
  return (
    <form
      class="asking"
      onSubmit={event => {
        event.preventDefault()
        void show()
      }}
    >
      <p class="warn">⚠ {words.unmaskNotice}</p>
      <Field label={words.reason}>
        <input
          value={reason}
          maxLength={200}
          required
          autocomplete="off"
          onInput={event => setReason(event.currentTarget.value)}
        />
      </Field>
      {state.error !== undefined && <Failure error={state.error} />}
      <p class="buttons">
        <button type="submit" disabled={state.is === 'waiting' || reason.trim() === '' || !live.isLive()}>
          {words.doUnmask}
        </button>
        <button type="button" onClick={close}>
          {words.hide}
        </button>
      </p>
    </form>
  )
}

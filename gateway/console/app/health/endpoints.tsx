import { useState } from 'preact/hooks'
import type { Condition } from '../../../../schemas/condition.ts'
import { Failure } from '../parts/failure.tsx'
import { Table } from '../parts/table.tsx'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { healthWords } from '../words/health.ts'
import { useWords } from '../words/words.ts'

type Endpoint = Condition['endpoints'][number]
const stateOf = ({ pending, lastError }: Endpoint) =>
  pending === 0 ? 'fine' : lastError === null ? 'waiting' : 'failing'
const tones = { fine: 'good', waiting: 'quiet', failing: 'warn' } as const

export function Endpoints({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const { clock, session } = useStation()
  const words = useWords(healthWords)
  const time = (at: string | null) => (at === null ? '–' : timeOrDay(at, clock.now.peek()))
  return (
    <section>
      <h2>{words.endpoints}</h2>
      <Table
        label={words.endpoints}
        empty={words.noEndpoints}
        rows={endpoints}
        keyOf={({ id }) => id}
        columns={[
          { head: words.endpoint, cell: ({ id }) => id },
          { head: words.endpointLevel, number: true, cell: ({ level }) => level },
          { head: words.state, cell: one => <span class={tones[stateOf(one)]}>{words.states[stateOf(one)]}</span> },
          { head: words.pending, number: true, cell: ({ pending }) => pending },
          { head: words.oldest, cell: ({ oldestPendingAt }) => time(oldestPendingAt) },
          { head: words.lastDelivered, cell: ({ lastDeliveredAt }) => time(lastDeliveredAt) },
          { head: words.lastError, cell: ({ lastError }) => lastError ?? '–' },
          ...(session.mayAdminister.value ? [{ head: words.test, cell: ({ id }: Endpoint) => <Test id={id} /> }] : []),
        ]}
      />
    </section>
  )
}

function Test({ id }: { id: string }) {
  const { api, live } = useStation()
  const words = useWords(healthWords)
  const [state, setState] = useState<{ busy: boolean; done?: boolean; error?: unknown }>({ busy: false })
  const test = async () => {
    setState({ busy: true })
    try {
      await api.post(`endpoints/${encodeURIComponent(id)}/test`)
      setState({ busy: false, done: true })
    } catch (error) {
      setState({ busy: false, error })
    }
  }
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`${words.test}: ${id}`}
        disabled={state.busy || !live.isLive()}
        onClick={test}
      >
        {words.test}
      </button>
      {state.done && <output class="good"> {words.tested}</output>}
      {state.error !== undefined && <Failure error={state.error} />}
    </>
  )
}

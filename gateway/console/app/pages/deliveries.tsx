import { useState } from 'preact/hooks'
import type { DeliveryView } from '../../../../schemas/api.ts'
import { outcomeOf } from '../deliveries/outcome.ts'
import { Retry } from '../deliveries/retry.tsx'
import { Answer } from '../parts/answer.tsx'
import { Choice } from '../parts/field.tsx'
import { Paging } from '../parts/paging.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { shortTime } from '../report/strip.ts'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { duration, timeOrDay } from '../time.ts'
import { deliveryWords } from '../words/deliveries.ts'
import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

const states: readonly DeliveryView['state'][] = ['pending', 'delivered', 'cancelled']
const perPage = 100
const everyMs = 5000

/** Who was told what, and how far that is. */
export function Deliveries() {
  const { route } = useStation()
  const state = states.find(one => one === route.value.query.state)
  return <OfState key={state ?? ''} state={state} />
}

function OfState({ state }: { state: DeliveryView['state'] | undefined }) {
  const { api, clock, session } = useStation()
  const words = useWords(deliveryWords)
  const { pages } = useWords(frameWords)
  const [cursor, go] = useState<string | undefined>()
  const read = useRead(
    `deliveries ${state} ${cursor}`,
    async signal => {
      const [list, { deliveries }] = await Promise.all([
        api.get('deliveries', { state, limit: perPage, cursor }, signal),
        api.get('stats', {}, signal),
      ])
      return { ...list, counts: deliveries }
    },
    cursor === undefined ? everyMs : undefined,
  )
  return (
    <>
      <h1 class="unseen">{pages.deliveries}</h1>
      <div class="filters">
        <Choice
          label={words.state}
          value={state ?? ''}
          all={words.allStates}
          options={states.map(one => [one, `${words.marks[one]} ${words.states[one]}`] as const)}
          onChoose={one => {
            window.location.hash = hashOf('deliveries', { state: one })
          }}
        />
        {read.data !== undefined && (
          <span class="quiet state">
            {words.counts(read.data.counts.pending, read.data.counts.delivered, read.data.counts.cancelled)}
          </span>
        )}
        {!session.mayAdminister.value && <span class="quiet state">{words.onlyAdmin}</span>}
      </div>
      <Answer of={read}>
        {data => (
          <>
            <Table
              label={words.list}
              empty={words.none}
              rows={data.items}
              keyOf={({ id }) => id}
              columns={[
                { head: words.created, cell: ({ createdAt }) => timeOrDay(createdAt, clock.now.peek()) },
                { head: words.type, cell: ({ type }) => (words.types as Record<string, string>)[type] ?? type },
                { head: words.subject, cell: delivery => <Subject {...delivery} /> },
                { head: words.endpoint, cell: ({ endpoint }) => endpoint },
                { head: words.state, cell: delivery => <State {...delivery} /> },
                { head: words.attempts, number: true, cell: ({ attempts }) => attempts },
                { head: words.last, cell: delivery => <Last {...delivery} /> },
                { head: words.next, cell: delivery => <Next delivery={delivery} onDone={read.again} /> },
              ]}
            />
            <Paging count={data.items.length} cursor={cursor} older={data.cursor} onGo={go} />
          </>
        )}
      </Answer>
    </>
  )
}

/** An alarm by the place it was pressed at, where that is known here; its id says nobody anything. */
function Subject({ type, subject }: DeliveryView) {
  const { world } = useStation()
  const words = useWords(deliveryWords)
  if (!type.startsWith('alarm.')) return <>{world.devices.value.find(({ id }) => id === subject)?.name ?? subject}</>
  const alarm = world.alarms.value.get(subject)
  return (
    <a href={hashOf('alarm', {}, subject)} title={words.alarm}>
      {alarm === undefined ? subject.slice(0, 8) : `${alarm.site.name} · ${alarm.device.name}`}
    </a>
  )
}

function State({ state }: DeliveryView) {
  const words = useWords(deliveryWords)
  const tone = state === 'pending' ? 'warn' : state === 'delivered' ? 'good' : 'quiet'
  return (
    <span class={`${tone} stage`}>
      {words.marks[state]} {words.states[state]}
    </span>
  )
}

function Last({ attempts, lastStatus, lastError }: DeliveryView) {
  const words = useWords(deliveryWords)
  if (attempts === 0) return <span class="quiet">{words.notTried}</span>
  if (lastError !== null) return <span class="warn">{lastError}</span>
  return <>{lastStatus === null ? '' : words.answered(lastStatus)}</>
}

function Next({ delivery, onDone }: { delivery: DeliveryView; onDone: () => void }) {
  const { clock, session } = useStation()
  const words = useWords(deliveryWords)
  const outcome = outcomeOf(delivery, delivery.state === 'pending' ? clock.now.value : 0)
  if (outcome.is === 'over') return <span class="quiet">–</span>
  if (outcome.is === 'delivered')
    return (
      <>
        {timeOrDay(outcome.at, clock.now.peek())} <span class="quiet">{words.after(shortTime(outcome.tookMs))}</span>
      </>
    )
  return (
    <>
      {outcome.is === 'due' ? words.due : words.inTime(duration(outcome.forMs))}{' '}
      {session.mayAdminister.value && <Retry id={delivery.id} label={String(delivery.id)} onDone={onDone} />}
    </>
  )
}

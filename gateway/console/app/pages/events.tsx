import { useState } from 'preact/hooks'
import { Counts } from '../events/counts.tsx'
import { addressQuery, type EventFilter, filterOf } from '../events/filter.ts'
import { Filters } from '../events/filters.tsx'
import { List } from '../events/list.tsx'
import { Answer } from '../parts/answer.tsx'
import { Paging } from '../parts/paging.tsx'
import { useRead } from '../parts/use-read.ts'
import { boundsOf, isoOf } from '../range.ts'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { eventWords } from '../words/events.ts'
import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

const perPage = 100
const tailMs = 3000

/** What devices said. The newest page follows what comes in, unless it is held; older pages and fixed times stand still. */
export function Events() {
  const { route } = useStation()
  const filter = filterOf(route.value.query)
  // A page of one question says nothing to another.
  return <Filtered key={JSON.stringify(filter)} filter={filter} />
}

function Filtered({ filter }: { filter: EventFilter }) {
  const { api, clock, live } = useStation()
  const words = useWords(eventWords)
  const { pages } = useWords(frameWords)
  const [isHeld, hold] = useState(false)
  const [cursor, go] = useState<string | undefined>()
  const { site, device, kind, range } = filter
  const moves = range.to === undefined
  const isFollowing = moves && !isHeld && cursor === undefined
  const read = useRead(
    `events ${cursor ?? ''}`,
    signal => {
      const { fromMs, toMs } = boundsOf(range, clock.at())
      const question = { site, device, kind, from: isoOf(fromMs), to: isoOf(toMs), limit: perPage, cursor }
      return api.get('events', question, signal)
    },
    isFollowing ? tailMs : undefined,
  )
  const follow = () => {
    hold(false)
    go(undefined)
    read.again()
  }
  const onFilter = (next: EventFilter) => {
    window.location.hash = hashOf('events', addressQuery(next))
  }
  return (
    <>
      <h1 class="unseen">{pages.events}</h1>
      <div class="filters">
        <Filters filter={filter} onFilter={onFilter} />
        {moves && (
          <button type="button" disabled={!live.isLive()} onClick={isFollowing ? () => hold(true) : follow}>
            {isFollowing ? words.pause : words.follow}
          </button>
        )}
        <span class="quiet state">{!moves ? words.fixedTime : isFollowing ? words.following : words.paused}</span>
      </div>
      <Counts filter={filter} isFollowing={isFollowing} onFilter={onFilter} />
      <Answer of={read}>
        {data => (
          <>
            <List
              events={data.items}
              onOpened={() => {
                if (isFollowing) hold(true)
              }}
            />
            <Paging count={data.items.length} cursor={cursor} older={data.cursor} onGo={go} />
          </>
        )}
      </Answer>
    </>
  )
}

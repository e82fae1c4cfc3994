import { useState } from 'preact/hooks'
import { Answer } from '../parts/answer.tsx'
import { Choice, Field } from '../parts/field.tsx'
import { Paging } from '../parts/paging.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { reasonInChinese } from '../rejections/reason.ts'
import { Replay } from '../rejections/replay.tsx'
import { hashOf } from '../route.ts'
import { useStation } from '../station.ts'
import { timeOrDay } from '../time.ts'
import { frameWords } from '../words/frame.ts'
import { rejectionWords } from '../words/rejections.ts'
import { useWords } from '../words/words.ts'

const perPage = 100
const everyMs = 10_000

/** What devices said that was not valid, and why. */
export function Rejections() {
  const { route } = useStation()
  const { site = '', device = '' } = route.value.query
  return <Of key={`${site} ${device}`} site={site} device={device} />
}

function Of({ site, device }: { site: string; device: string }) {
  const { api, clock, session, settings, world } = useStation()
  const words = useWords(rejectionWords)
  const { pages } = useWords(frameWords)
  const [cursor, go] = useState<string | undefined>()
  const [wanted, want] = useState('')
  const read = useRead(
    `rejections ${cursor}`,
    signal => api.get('rejections', { site, device, limit: perPage, cursor }, signal),
    cursor === undefined ? everyMs : undefined,
  )
  const say = settings.language.value === 'zh' ? reasonInChinese : (reason: string) => reason
  const rows = (read.data?.items ?? [])
    .map(rejection => ({ ...rejection, why: say(rejection.reason) }))
    .filter(({ why, reason }) => `${why} ${reason}`.toLowerCase().includes(wanted.trim().toLowerCase()))
  const isFiltered = site !== '' || device !== '' || wanted !== ''
  const name = (list: readonly { id: string; name: string }[], id: string) =>
    list.find(one => one.id === id)?.name ?? id
  const open = (query: Record<string, string>) => {
    window.location.hash = hashOf('rejections', query)
  }
  return (
    <>
      <h1 class="unseen">{pages.rejections}</h1>
      <div class="filters">
        <Choice
          label={words.site}
          value={site}
          all={words.allSites}
          options={world.sites.value.map(({ id, name }) => [id, name] as const)}
          onChoose={one => open({ site: one })}
        />
        <Choice
          label={words.device}
          value={device}
          all={words.allDevices}
          options={world.devices.value
            .filter(one => site === '' || one.site === site)
            .map(({ id, name }) => [id, name === id ? id : `${name} ${id}`] as const)}
          onChoose={one => open({ site, device: one })}
        />
        <Field label={words.find}>
          <input type="search" value={wanted} onInput={event => want(event.currentTarget.value)} />
        </Field>
      </div>
      <p class="quiet small">
        {words.hidden} {!session.mayAdminister.value && words.onlyAdmin}
      </p>
      <Answer of={read}>
        {data => (
          <>
            <Table
              label={words.list}
              empty={isFiltered ? words.noneMatches : words.none}
              rows={rows}
              keyOf={({ seq }) => seq}
              columns={[
                { head: words.time, cell: ({ receivedAt }) => timeOrDay(receivedAt, clock.now.peek()) },
                { head: words.site, cell: one => name(world.sites.value, one.site) },
                {
                  head: words.device,
                  cell: one => (
                    <>
                      {name(world.devices.value, one.device)} <span class="quiet small">{one.device}</span>
                    </>
                  ),
                },
                {
                  head: words.topic,
                  cell: ({ topic }) => <span class="code">{topic.split('/').slice(4).join('/') || topic}</span>,
                },
                { head: words.reason, cell: ({ why }) => why },
                { head: words.bytes, number: true, cell: ({ bytes }) => bytes },
                { head: words.replay, cell: rejection => <Replay rejection={rejection} /> },
              ]}
            />
            <Paging count={rows.length} cursor={cursor} older={data.cursor} onGo={go} />
          </>
        )}
      </Answer>
    </>
  )
}

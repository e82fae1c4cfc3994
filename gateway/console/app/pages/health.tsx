import { Endpoints } from '../health/endpoints.tsx'
import { Equations } from '../health/equations.tsx'
import { Facts } from '../health/facts.tsx'
import { worriesOf } from '../health/verdict.ts'
import { Worries } from '../health/worries.tsx'
import { Answer } from '../parts/answer.tsx'
import { Table } from '../parts/table.tsx'
import { useRead } from '../parts/use-read.ts'
import { useStation } from '../station.ts'
import { timeOfDay, timeOrDay } from '../time.ts'
import { frameWords } from '../words/frame.ts'
import { healthWords } from '../words/health.ts'
import { useWords } from '../words/words.ts'

const everyMs = 5000

/** How the gateway itself is: the verdict, then what it rests on. */
export function Health() {
  const { api, clock } = useStation()
  const words = useWords(healthWords)
  const { pages } = useWords(frameWords)
  const read = useRead(
    'health',
    async signal => {
      const [condition, stats] = await Promise.all([api.get('health', {}, signal), api.get('stats', {}, signal)])
      return { condition, stats }
    },
    everyMs,
  )
  return (
    <>
      <h1 class="unseen">{pages.health}</h1>
      <Answer of={read}>
        {data => (
          <>
            <Worries worries={worriesOf(data.condition, data.stats)} />
            <p class="quiet small">{words.asOf(timeOfDay(data.condition.at))}</p>
            <Equations stats={data.stats} />
            <Facts condition={data.condition} stats={data.stats} />
            <Endpoints endpoints={data.condition.endpoints} />
            <section>
              <h2>{words.faults}</h2>
              <Table
                label={words.faults}
                empty={words.noFaults}
                rows={data.condition.faults}
                keyOf={({ at, code, subject }) => `${at} ${code} ${subject}`}
                columns={[
                  { head: words.at, cell: ({ at }) => timeOrDay(at, clock.now.peek()) },
                  { head: words.code, cell: ({ code }) => <span class="code">{code}</span> },
                  { head: words.about, cell: ({ subject }) => subject },
                  { head: words.message, cell: ({ message }) => <span lang="en">{message}</span> },
                ]}
              />
            </section>
          </>
        )}
      </Answer>
    </>
  )
}

import type { ComponentChildren } from 'preact'
import type { Stats } from '../../../../schemas/api.ts'
import type { Condition } from '../../../../schemas/condition.ts'
import { ago, grouped, size } from '../figures.ts'
import { healthWords } from '../words/health.ts'
import { useWords } from '../words/words.ts'

/** The figures: the way to the disk, InfluxDB, the process. */
export function Facts({ condition, stats }: { condition: Condition; stats: Stats }) {
  const words = useWords(healthWords)
  const { disk, journal, lag, influx, eventLoop, connections } = condition
  const name = (consumer: string) => (words.consumers as Record<string, string>)[consumer] ?? consumer
  const isSet = 'influx' in stats.consumers
  return (
    <div class="columns">
      <Group title={words.journal}>
        <Fact name={words.entries}>{grouped(stats.journal.lastSeq)}</Fact>
        <Fact name={words.bytes}>{size(stats.journal.bytes)}</Fact>
        <Fact name={words.free}>{disk.freeBytes === null ? words.unknown : size(disk.freeBytes)}</Fact>
        <Fact name={words.level}>
          <span class={disk.level === 'roomy' ? 'good' : 'warn'}>{words.levels[disk.level]}</span>
        </Fact>
        <Fact name={words.queued}>{grouped(journal.queued)}</Fact>
      </Group>
      <Group title={words.lag}>
        {lag.map(({ consumer, entries, seconds }) => (
          <Fact key={consumer} name={name(consumer)}>
            {entries === 0 ? words.noLag : `${words.entriesBehind(grouped(entries))} · ${ago(seconds, words.units)}`}
          </Fact>
        ))}
        <Fact name={words.influx}>
          <span class={!isSet ? 'quiet' : influx?.waiting ? 'warn' : 'good'}>
            {!isSet ? words.influxStates.off : influx?.waiting ? words.influxStates.waiting : words.influxStates.fine}
          </span>
        </Fact>
        {influx !== null && <Fact name={words.cursor}>{grouped(influx.cursor)}</Fact>}
      </Group>
      <Group title={words.process}>
        <Fact name={words.version}>{condition.version}</Fact>
        <Fact name={words.uptime}>{ago(condition.uptimeS, words.units)}</Fact>
        <Fact name={words.loop}>
          {eventLoop === null ? words.loopNone : `${eventLoop.p50Ms} / ${eventLoop.p99Ms} / ${eventLoop.maxMs} ms`}
        </Fact>
        <Fact name={words.memory}>{size(condition.memoryBytes)}</Fact>
        <Fact name={words.connections}>
          {grouped(connections.open)}
          {connections.throttled > 0 && <span class="warn"> · {words.throttled(connections.throttled)}</span>}
        </Fact>
      </Group>
    </div>
  )
}

const Group = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section>
    <h2>{title}</h2>
    <dl class="facts">{children}</dl>
  </section>
)

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
)

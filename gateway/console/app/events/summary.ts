import type { EventView } from '../../../../schemas/api.ts'

/** What an event says, in one line; the words are given. Texts of a device stand as they are. */
export type SummaryWords = {
  directions: Record<string, string>
  methods: Record<string, string>
  results: Record<string, string>
  matches: Record<string, string>
  states: Record<string, string>
  triggers: Record<string, string>
  modes: Record<string, string>
  metrics: (count: number) => string
  battery: string
  unreadable: string
  noPlate: string
}

const shownMetrics = 4

export function summaryOf({ kind, data }: Pick<EventView, 'kind' | 'data'>, words: SummaryWords): string {
  if (data === null) return words.unreadable
  const text = (name: string) => (data[name] === undefined || data[name] === null ? '' : String(data[name]))
  const word = (table: Record<string, string>, name: string) => table[text(name)] ?? text(name)
  const join = (...parts: string[]) => parts.filter(Boolean).join(' · ')
  switch (kind) {
    case 'access':
      return join(
        text('door'),
        word(words.directions, 'direction'),
        word(words.methods, 'method'),
        word(words.results, 'result'),
      )
    case 'face':
      return join(text('camera'), word(words.matches, 'match'), percent(data.score))
    case 'vehicle':
      return join(
        text('lane'),
        word(words.directions, 'direction'),
        data.plateKey === null ? words.noPlate : '',
        text('speedKmh') && `${text('speedKmh')} km/h`,
      )
    case 'alarm':
      return join(
        word(words.triggers, 'trigger'),
        word(words.states, 'state'),
        data.mode === 'actual' ? '' : word(words.modes, 'mode'),
      )
    case 'telemetry':
      return metricsOf(data.metrics, words)
    case 'heartbeat':
      return join(
        text('battery') && `${words.battery} ${text('battery')}%`,
        text('rssi') && `${text('rssi')} dBm`,
        text('firmware'),
      )
    default:
      return text('status')
  }
}

function metricsOf(metrics: unknown, words: SummaryWords): string {
  if (typeof metrics !== 'object' || metrics === null) return ''
  const all = Object.entries(metrics)
  const shown = all.slice(0, shownMetrics).map(([name, value]) => `${name} ${value}`)
  return [...shown, ...(all.length > shownMetrics ? [words.metrics(all.length - shownMetrics)] : [])].join(' · ')
}

const percent = (score: unknown): string => (typeof score === 'number' ? `${Math.round(score * 100)}%` : '')

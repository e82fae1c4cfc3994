import type { Alarm, Stage } from '../../../../schemas/alarm.ts'
import { alarmWords } from '../words/alarm.ts'
import { useWords } from '../words/words.ts'

export function StageBadge({ stage }: { stage: Stage }) {
  const { stages } = useWords(alarmWords)
  return <span class={`stage ${stage}`}>{stages[stage]}</span>
}

/** 演练 or 测试, hatched; nothing for what is real. */
export function ModeBadge({ mode }: { mode: Alarm['mode'] }) {
  const { modes } = useWords(alarmWords)
  return mode === 'actual' ? null : <b class="mode">{modes[mode]}</b>
}

import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import type { Trouble } from './trouble.ts'

/** Why a step wasn't done: who was first, what the gateway said, or that nobody knows. */
export function TroubleText({ trouble }: { trouble: Trouble }) {
  const words = useWords(boardWords)
  const { stages } = useWords(alarmWords)
  const said =
    trouble.is === 'unsure'
      ? words.unsure
      : trouble.is === 'refused'
        ? words.refused(trouble.why)
        : trouble.by === undefined
          ? words.alreadyAt(stages[trouble.stage])
          : words.wasFirst(trouble.by, stages[trouble.stage])
  return (
    <p role="alert" class="trouble">
      ⚠ {said}
    </p>
  )
}

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ActionName } from '../../../../schemas/actions.ts'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { settleMs } from '../keys.ts'
import { useStation } from '../station.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { CloseFields, UnitField } from './step-fields.tsx'
import { bodyOf, dispositionAtFirst, type Entered, hindranceOf, nextSteps } from './steps.ts'
import { TroubleText } from './trouble-text.tsx'
import { useStep } from './use-step.ts'

/** The next step as the one big button, the others smaller. Whoever may do nothing is told why. */
export function Steps({ alarm }: { alarm: Alarm }) {
  const { session, live, selection } = useStation()
  const words = useWords(boardWords)
  const { main, others } = nextSteps(alarm.stage)
  const [chosen, setChosen] = useState<ActionName | undefined>()
  const [entered, setEntered] = useState<Entered>(() => ({
    unit: '',
    disposition: dispositionAtFirst(alarm),
    note: '',
  }))
  const { busy, trouble, take, forget } = useStep(alarm)
  const form = useRef<HTMLFormElement>(null)
  const since = useRef(0)
  const action = chosen ?? main
  const hindrance = hindranceOf(session.session.value?.role, live.state.value.is === 'live')

  // Somebody may have moved it on while one was about to close it.
  useLayoutEffect(() => setChosen(undefined), [alarm.stage])
  // From when the button is as it is: while it is busy it takes nothing anyway, and the stream may be ahead of the answer.
  useLayoutEffect(() => {
    since.current = performance.now()
  }, [alarm.stage, busy])

  if (action === undefined) return null
  if (hindrance === 'viewer') return <p class="hindrance">⊘ {words.hindrance.viewer}</p>
  const body = bodyOf(action, session.session.value?.name ?? '', entered)

  const submit = async (event: Event) => {
    event.preventDefault()
    if (busy || hindrance !== undefined) return
    // The button stays under the finger while it becomes the next step's: a second click or stroke must not take that too.
    if (performance.now() - since.current < settleMs) return
    if (body === undefined) return form.current?.querySelector<HTMLElement>('input')?.focus()
    const done = await take(action, body)
    if (done && action === 'close') selection.finish(alarm.id)
  }
  // A key that is held must not run through the stages.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && event.repeat) event.preventDefault()
  }
  const choose = (next: ActionName | undefined) => {
    forget()
    setChosen(next)
  }
  return (
    <form class="steps" ref={form} onSubmit={submit} onKeyDown={onKeyDown} data-step={action} data-stage={alarm.stage}>
      {action === 'dispatch' && <UnitField entered={entered} onEnter={setEntered} />}
      {action === 'close' && <CloseFields alarm={alarm} entered={entered} onEnter={setEntered} />}
      <button type="submit" class="big" aria-disabled={busy || hindrance !== undefined || body === undefined}>
        {busy ? words.doing : words.steps[action]} <kbd>Enter</kbd>
      </button>
      {hindrance !== undefined && <p class="hindrance">⊘ {words.hindrance[hindrance]}</p>}
      {hindrance === undefined && body === undefined && <p class="quiet">{words.chooseDisposition}</p>}
      {trouble !== undefined && <TroubleText trouble={trouble} />}
      <p class="others">
        {chosen !== undefined && chosen !== main ? (
          <button type="button" onClick={() => choose(undefined)}>
            {words.back}
          </button>
        ) : (
          others.map(other => (
            <button key={other} type="button" onClick={() => choose(other)}>
              {words.steps[other]} …
            </button>
          ))
        )}
      </p>
    </form>
  )
}

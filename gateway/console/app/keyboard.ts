import { useEffect } from 'preact/hooks'
import { neighbourOf } from './board/order.ts'
import { type KeyMeaning, meaningOf, settleMs } from './keys.ts'
import { addressOf, pageNames, pageOf } from './pages.ts'
import type { Station } from './station.ts'

/** The keyboard, wherever one is. `onHelp` is told to show or hide the list of keys. */
export function useKeyboard({ selection, route }: Station, onHelp: (toggle: 'toggle' | 'hide') => void): void {
  const shown = selection.shown.value
  useEffect(() => {
    const since = performance.now()
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      const meaning = meaningOf(event, whereOf(event.target))
      if (meaning === undefined) return
      const onBoard = pageOf(route.peek().page) === 'board'
      if (act(meaning, onBoard, performance.now() - since >= settleMs)) event.preventDefault()
    }
    /** Whether it did something. */
    function act(meaning: KeyMeaning, onBoard: boolean, settled: boolean): boolean {
      if (meaning.is === 'page') {
        const name = pageNames[meaning.index]
        if (name !== undefined) window.location.hash = addressOf(name)
        return name !== undefined
      }
      if (meaning.is === 'help') onHelp('toggle')
      if (meaning.is === 'away') {
        onHelp('hide')
        const focused = document.activeElement
        if (focused instanceof HTMLElement && whereOf(focused) !== 'page') focused.blur()
        else if (onBoard) selection.dismiss()
      }
      if (!onBoard) return meaning.is === 'help'
      if (meaning.is === 'step' && settled) step()
      if (meaning.is === 'next' || meaning.is === 'previous') {
        const next = neighbourOf(selection.list.peek(), selection.shown.peek()?.id, meaning.is === 'next' ? 1 : -1)
        if (next === undefined) return false
        selection.choose(next.id)
      }
      return true
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [shown?.id, shown?.stage, selection, route, onHelp])
}

/** Where something must be entered first, Enter leads there; else it does what the big button does. */
function step(): void {
  const form = document.querySelector<HTMLFormElement>('form.steps')
  const field = form?.querySelector<HTMLInputElement>('input:checked, input')
  if (field) field.focus()
  else form?.requestSubmit()
}

function whereOf(target: EventTarget | null): 'text' | 'control' | 'page' {
  if (!(target instanceof HTMLElement || target instanceof SVGElement)) return 'page'
  if (target.matches('input, select, textarea')) return 'text'
  // The row of the alarm that is open: Enter means its next step, not to open it again.
  if (target.closest('.alarm-row[aria-current="true"]') !== null) return 'page'
  return target.closest('a, button, summary, [tabindex="0"]') === null ? 'page' : 'control'
}

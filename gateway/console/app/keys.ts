/** What a key means on the board and around it. Nothing while one writes, or holds Ctrl, Alt or the command key. */
export type KeyMeaning =
  | { is: 'next' | 'previous' | 'step' | 'away' | 'help' }
  /** 0: the first tab. */
  | { is: 'page'; index: number }

type Key = { key: string; ctrlKey: boolean; altKey: boolean; metaKey: boolean; repeat: boolean; isComposing: boolean }

/** After the board opened another alarm or stage by itself, Enter waits so long: the finger may have meant the one before. */
export const settleMs = 700

/** `where`: `text` in a field that is written in, `control` on a button, link or other thing that Enter works on itself. */
export function meaningOf(event: Key, where: 'text' | 'control' | 'page'): KeyMeaning | undefined {
  const { key, ctrlKey, altKey, metaKey, repeat, isComposing } = event
  if (ctrlKey || altKey || metaKey || isComposing) return undefined
  if (key === 'Escape') return { is: 'away' }
  if (where === 'text') return undefined
  if (key === 'j' || key === 'ArrowDown') return { is: 'next' }
  if (key === 'k' || key === 'ArrowUp') return { is: 'previous' }
  if (key === '?' || key === '？') return { is: 'help' }
  // A key that is held down must not run through an alarm's stages.
  if (key === 'Enter') return where === 'control' || repeat ? undefined : { is: 'step' }
  return /^[1-9]$/.test(key) ? { is: 'page', index: Number(key) - 1 } : undefined
}

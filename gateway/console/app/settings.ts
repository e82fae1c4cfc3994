import { effect, type Signal, signal } from '@preact/signals'
import type { Language } from './words/words.ts'

/** What this browser remembers of its officer's taste. */
export type Theme = 'system' | 'dark' | 'light'
export type Settings = { language: Signal<Language>; theme: Signal<Theme> }

export function createSettings(storage: Storage, root: HTMLElement): Settings {
  const kept = <T extends string>(name: string, allowed: readonly T[], otherwise: T): Signal<T> => {
    const found = storage.getItem(`gatehouse.${name}`) as T | null
    const setting = signal(found !== null && allowed.includes(found) ? found : otherwise)
    effect(() => storage.setItem(`gatehouse.${name}`, setting.value))
    return setting
  }
  const language = kept<Language>('language', ['zh', 'en'], 'zh')
  const theme = kept<Theme>('theme', ['system', 'dark', 'light'], 'system')
  effect(() => {
    root.lang = language.value === 'zh' ? 'zh-CN' : 'en'
    if (theme.value === 'system') delete root.dataset.theme
    else root.dataset.theme = theme.value
  })
  return { language, theme }
}

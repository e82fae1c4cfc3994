import { type ReadonlySignal, signal } from '@preact/signals'
import { askedFor, type SoundState } from './sound-state.ts'

export type Sound = {
  readonly state: ReadonlySignal<SoundState>
  toggle(): void
  /** Who muted it has left: the next one hears. */
  unmute(): void
  /** Two rising tones, once: the caller repeats it while it rings. */
  ring(): void
  /** One low short tone, for what is a drill or a test. */
  murmur(): void
}

/** By WebAudio, so that no file is fetched. */
export function createSound(window: Window & typeof globalThis): Sound {
  const state = signal<SoundState>('blocked')
  let audio: AudioContext | undefined
  /** How it was as the press began, until its click is over. */
  let pressedWhileBlocked = false

  const unlock = () => {
    audio ??= new window.AudioContext()
    audio.onstatechange = () => {
      if (state.peek() !== 'off') state.value = audio?.state === 'running' ? 'on' : 'blocked'
    }
    // Refused until the browser counts it as a person's: then the next click tries again.
    audio.resume().then(
      () => {
        if (state.peek() === 'blocked' && audio?.state === 'running') state.value = 'on'
      },
      () => {},
    )
  }
  for (const event of ['pointerdown', 'keydown'] as const)
    window.addEventListener(
      event,
      () => {
        pressedWhileBlocked = state.peek() === 'blocked'
        if (pressedWhileBlocked) unlock()
      },
      { capture: true },
    )
  // After the handlers of what was clicked.
  window.addEventListener('click', () => {
    pressedWhileBlocked = false
  })

  function tone(hertz: number, afterS: number, lengthS: number, volume: number): void {
    if (audio === undefined || state.peek() !== 'on') return
    const begin = audio.currentTime + afterS
    const oscillator = audio.createOscillator()
    const gain = audio.createGain()
    oscillator.type = 'square'
    oscillator.frequency.value = hertz
    gain.gain.setValueAtTime(0, begin)
    gain.gain.linearRampToValueAtTime(volume, begin + 0.02)
    gain.gain.setValueAtTime(volume, begin + lengthS - 0.04)
    gain.gain.linearRampToValueAtTime(0, begin + lengthS)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(begin)
    oscillator.stop(begin + lengthS)
  }

  return {
    state,
    toggle() {
      if (askedFor(state.peek(), pressedWhileBlocked) === 'off') state.value = 'off'
      else if (state.peek() !== 'on') {
        state.value = 'blocked'
        unlock()
      }
    },
    unmute() {
      if (state.peek() === 'off') state.value = audio?.state === 'running' ? 'on' : 'blocked'
    },
    ring() {
      tone(880, 0, 0.22, 0.25)
      tone(1318, 0.26, 0.3, 0.25)
    },
    murmur: () => tone(330, 0, 0.18, 0.08),
  }
}

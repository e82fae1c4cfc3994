/** `blocked`: the browser waits for a first click or key. `off`: muted by hand. */
export type SoundState = 'blocked' | 'on' | 'off'

/**
 * What a click on the switch asks for. The browser lets sound through as the press begins, so that it may be `on` by the time of the
 * click: who pressed on "no sound yet" had no wish to mute.
 */
export const askedFor = (state: SoundState, wasBlockedAtPress: boolean): 'on' | 'off' =>
  state === 'on' && !wasBlockedAtPress ? 'off' : 'on'

import { useStation } from './station.ts'
import { timeOfDay } from './time.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** Says so while an alarm could not be heard. */
function SoundSwitch() {
  const { sound } = useStation()
  const words = useWords(frameWords)
  const state = sound.state.value
  return (
    <button type="button" class={`plain sound ${state}`} aria-pressed={state === 'on'} onClick={sound.toggle}>
      {state === 'on' ? '♪' : '⚠'}{' '}
      <span>{words[state === 'on' ? 'soundOn' : state === 'off' ? 'soundOff' : 'soundBlocked']}</span>
    </button>
  )
}

export function Header() {
  const { clock, live, session, settings, world } = useStation()
  const words = useWords(frameWords)
  const { is } = live.state.value
  const devices = world.devices.value.filter(({ disabled }) => !disabled)
  const silent = devices.filter(({ presence }) => presence === 'silent' || presence === 'offline').length
  const online = devices.filter(({ presence }) => presence === 'online').length
  const { name, role } = session.session.value ?? { name: '', role: 'viewer' as const }
  return (
    <header class="top">
      <b class="brand">Gatehouse</b>
      <span class={`line-state ${is}`}>
        {is === 'live' ? '●' : '○'} {is === 'live' ? words.live : is === 'lost' ? words.notLive : words.connecting}
      </span>
      <time class="now">{timeOfDay(clock.now.value)}</time>
      <span class="figures">
        {words.sites(world.sites.value.length)} · {words.online(online)} ·{' '}
        <span class={silent > 0 ? 'warn' : undefined}>{words.silent(silent)}</span>
      </span>
      <span class="spring" />
      <SoundSwitch />
      <button
        type="button"
        class="plain"
        lang={settings.language.value === 'zh' ? 'en' : 'zh-CN'}
        onClick={() => {
          settings.language.value = settings.language.value === 'zh' ? 'en' : 'zh'
        }}
      >
        {words.otherLanguage}
      </button>
      <label class="theme">
        <span class="unseen">{words.themeLabel}</span>
        <select
          value={settings.theme.value}
          onChange={event => {
            settings.theme.value = event.currentTarget.value as typeof settings.theme.value
          }}
        >
          {(['system', 'dark', 'light'] as const).map(theme => (
            <option key={theme} value={theme}>
              {words.theme[theme]}
            </option>
          ))}
        </select>
      </label>
      <span class="who">
        {name} <span class="quiet">({words.roles[role]})</span>
      </span>
      <button type="button" class="plain leave" onClick={() => session.leave('left')}>
        {words.leave}
      </button>
    </header>
  )
}

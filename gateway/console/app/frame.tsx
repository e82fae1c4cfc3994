import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Banner } from './banner.tsx'
import { AlarmStrip, Announcement } from './board/alarm-strip.tsx'
import { Header } from './header.tsx'
import { KeyHelp } from './key-help.tsx'
import { useKeyboard } from './keyboard.ts'
import { Login } from './login.tsx'
import { addressOf, pageNames, pageOf, pages } from './pages.ts'
import { useStation } from './station.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** What stands around every page. */
export function Console() {
  const { session } = useStation()
  return session.session.value === undefined ? <Login /> : <Frame />
}

function Frame() {
  const station = useStation()
  const { route, live } = station
  const words = useWords(frameWords)
  const name = pageOf(route.value.page)
  const [help, setHelp] = useState(false)
  const onHelp = useCallback((change: 'toggle' | 'hide') => setHelp(shown => change === 'toggle' && !shown), [])
  useKeyboard(station, onHelp)
  const tabs = useRef<HTMLElement>(null)
  // On a phone the row of tabs is wider than the screen.
  useEffect(() => {
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [name])
  const Page = name === undefined ? Unknown : pages[name]
  return (
    <div class={live.state.value.is === 'lost' ? 'frame stale' : 'frame'}>
      <Header />
      <nav ref={tabs} class="tabs" aria-label={words.menu}>
        {pageNames.map(one => (
          <a key={one} href={addressOf(one)} aria-current={one === name ? 'page' : undefined}>
            {words.pages[one]}
          </a>
        ))}
      </nav>
      <Banner />
      <AlarmStrip onBoard={name === 'board'} />
      <Announcement />
      <main class={`page ${name ?? 'unknown'}`} tabIndex={-1}>
        <Page />
      </main>
      {help && <KeyHelp onHide={() => setHelp(false)} />}
    </div>
  )
}

function Unknown() {
  const words = useWords(frameWords)
  return (
    <>
      <h1>{words.unknownPage}</h1>
      <a href={addressOf('board')}>{words.toBoard}</a>
    </>
  )
}

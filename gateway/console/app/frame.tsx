import { Banner } from './banner.tsx'
import { Header } from './header.tsx'
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
  const { route, live } = useStation()
  const words = useWords(frameWords)
  const name = pageOf(route.value.page)
  const Page = name === undefined ? Unknown : pages[name]
  return (
    <div class={live.state.value.is === 'live' ? 'frame' : 'frame stale'}>
      <Header />
      <nav class="tabs" aria-label={words.menu}>
        {pageNames.map(one => (
          <a key={one} href={addressOf(one)} aria-current={one === name ? 'page' : undefined}>
            {words.pages[one]}
          </a>
        ))}
      </nav>
      <Banner />
      <main class={`page ${name ?? 'unknown'}`} tabIndex={-1}>
        <Page />
      </main>
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

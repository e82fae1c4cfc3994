import { ClosedToday, SilentDevices } from '../board/aside.tsx'
import { AlarmList } from '../board/list.tsx'
import { SiteMap } from '../board/map.tsx'
import { Panel } from '../board/panel.tsx'
import { SiteGrid } from '../board/sites.tsx'
import { frameWords } from '../words/frame.ts'
import { useWords } from '../words/words.ts'

/** What a duty officer looks at: what is open, where it is, and the one alarm that is at hand. */
export function Board() {
  const words = useWords(frameWords)
  return (
    <>
      <h1 class="unseen">{words.pages.board}</h1>
      <div class="column first">
        <AlarmList />
        <SilentDevices />
        <ClosedToday />
      </div>
      <div class="column middle">
        <SiteMap />
        <SiteGrid />
      </div>
      <Panel />
    </>
  )
}

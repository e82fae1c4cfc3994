import { useState } from 'preact/hooks'
import type { RejectionView, ReplayResult } from '../../../../schemas/api.ts'
import { Failure } from '../parts/failure.tsx'
import { useStation } from '../station.ts'
import { rejectionWords } from '../words/rejections.ts'
import { useWords } from '../words/words.ts'
import { reasonInChinese } from './reason.ts'

/** Has a rejection judged again, and says what came of it. */
export function Replay({ rejection }: { rejection: RejectionView }) {
  const { api, live, session, settings } = useStation()
  const words = useWords(rejectionWords)
  const [state, setState] = useState<{ busy: boolean; result?: ReplayResult; error?: unknown }>({ busy: false })
  const { seq, replayedAs } = rejection
  const replay = async () => {
    setState({ busy: true })
    try {
      setState({ busy: false, result: await api.post<ReplayResult>(`rejections/${seq}/replay`) })
    } catch (error) {
      setState({ busy: false, error })
    }
  }
  const { result, error } = state
  if (result === undefined && replayedAs !== null) return <span class="good">✓ {words.became(replayedAs)}</span>
  if (result?.result === 'stored' || result?.result === 'duplicate')
    return <output class="good">✓ {words.results[result.result](result.seq)}</output>
  if (!session.mayAdminister.value) return <span class="quiet">–</span>
  const reason = result?.reason ?? ''
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`${words.again}: ${seq}`}
        disabled={state.busy || !live.isLive()}
        onClick={replay}
      >
        {words.again}
      </button>
      {result !== undefined && (
        <output class="warn">
          {' '}
          {words.results.rejected(settings.language.value === 'zh' ? reasonInChinese(reason) : reason)}
        </output>
      )}
      {error !== undefined && <Failure error={error} />}
    </>
  )
}

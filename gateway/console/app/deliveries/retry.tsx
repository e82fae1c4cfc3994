import { useState } from 'preact/hooks'
import { Failure } from '../parts/failure.tsx'
import { useStation } from '../station.ts'
import { deliveryWords } from '../words/deliveries.ts'
import { useWords } from '../words/words.ts'

/** Makes a delivery due now. What became of it the list says, which is read again. */
export function Retry({ id, label, onDone }: { id: number; label: string; onDone: () => void }) {
  const { api, live } = useStation()
  const words = useWords(deliveryWords)
  const [state, setState] = useState<{ is: 'idle' | 'busy' | 'done'; error?: unknown }>({ is: 'idle' })
  const retry = async () => {
    setState({ is: 'busy' })
    try {
      await api.post(`deliveries/${id}/retry`)
      setState({ is: 'done' })
    } catch (error) {
      setState({ is: 'idle', error })
    }
    onDone()
  }
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`${words.retry}: ${label}`}
        disabled={state.is === 'busy' || !live.isLive()}
        onClick={retry}
      >
        {words.retry}
      </button>
      {state.is === 'done' && <output class="good"> {words.retried}</output>}
      {state.error !== undefined && <Failure error={state.error} />}
    </>
  )
}

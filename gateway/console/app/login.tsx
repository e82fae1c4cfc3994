import { useState } from 'preact/hooks'
import { ApiError } from './api.ts'
import { useStation } from './station.ts'
import { frameWords } from './words/frame.ts'
import { useWords } from './words/words.ts'

/** The token goes into the session and nowhere else: not into an address, not into a log. */
export function Login() {
  const { api, session } = useStation()
  const words = useWords(frameWords)
  const [token, setToken] = useState('')
  const [trouble, setTrouble] = useState<'tokenUnknown' | 'unreachable' | 'tooMany' | undefined>()
  const [waiting, setWaiting] = useState(false)
  const said = trouble ?? (session.left.value === 'unknown' ? 'sessionEnded' : undefined)

  const enter = async (event: Event) => {
    event.preventDefault()
    const given = token.trim()
    if (given === '' || waiting) return
    setWaiting(true)
    try {
      session.enter(given, await api.who(given))
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      setTrouble(status === 401 || status === 403 ? 'tokenUnknown' : status === 429 ? 'tooMany' : 'unreachable')
      setWaiting(false)
    }
  }

  return (
    <main class="login">
      <form onSubmit={enter}>
        <h1>Gatehouse</h1>
        <label for="token">{words.token}</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={event => setToken(event.currentTarget.value)}
          aria-describedby="token-hint"
          aria-invalid={trouble === 'tokenUnknown'}
        />
        <p id="token-hint" class="quiet">
          {words.tokenHint}
        </p>
        {said !== undefined && <p role="alert">▲ {words[said]}</p>}
        <button type="submit" class="big" disabled={waiting}>
          {words.login}
        </button>
      </form>
    </main>
  )
}

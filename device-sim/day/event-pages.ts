import { setTimeout as after } from 'node:timers/promises'
import type { z } from 'zod'
import { EventsPage, type EventView } from '../../schemas/api.ts'
import { Failure } from '../arguments.ts'

/** A gateway's events between two times, newest first, page by page (contract 6). */
export type EventPages = { api: string; token: string; from: string; to: string; stopped: AbortSignal }

const pageSize = 1000
const timeoutMs = 30_000
/** Pauses before another try: a gateway that restarts or is busy is waited for. */
const pausesMs = [500, 1000, 2000, 5000, 10_000, 20_000]

/** Ends early when stopped. Throws Failure when it is refused, or does not answer in all of its tries. */
export async function* eventPages({ api, token, from, to, stopped }: EventPages): AsyncGenerator<EventView[], void> {
  for (let cursor: string | null | undefined; cursor !== null && !stopped.aborted; ) {
    const query = new URLSearchParams({ from, to, limit: String(pageSize), ...(cursor !== undefined && { cursor }) })
    const page = await pageAt(`${api.replace(/\/$/, '')}/api/v1/events?${query}`, token, stopped)
    if (page === undefined) return
    yield page.items
    cursor = page.cursor
  }
}

async function pageAt(url: string, token: string, stopped: AbortSignal) {
  for (const [index, pauseMs] of [...pausesMs, 0].entries()) {
    const answer = await ask(url, token, stopped)
    if (stopped.aborted) return undefined
    if (typeof answer !== 'string') return answer
    if (index === pausesMs.length) throw new Failure(`${answer}, ${pausesMs.length + 1} times`)
    await after(pauseMs, undefined, { signal: stopped }).catch(() => {})
  }
  return undefined
}

/** The page, or why there is none now and may be later. */
async function ask(url: string, token: string, stopped: AbortSignal): Promise<z.output<typeof EventsPage> | string> {
  const where = new URL(url).origin
  let response: Response
  let body: string
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]),
      redirect: 'manual',
    })
    body = await response.text()
  } catch (error) {
    const { message, cause } = error as Error
    return `${where} does not answer (${cause instanceof Error ? cause.message || message : message})`
  }
  if (response.status === 429 || response.status >= 500) return `${where} answered ${response.status}`
  if (response.status === 401 || response.status === 403)
    throw new Failure(`${where} answered ${response.status}: --token must be a viewer's token of this gateway`)
  if (!response.ok) throw new Failure(`${where} answered ${response.status}: ${body.slice(0, 500)}`)
  const page = EventsPage.safeParse(jsonOf(body))
  if (!page.success) throw new Failure(`${where} answers something else than a gateway's events: is --api right?`)
  return page.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { WebhookReply } from '../../schemas/webhook.ts'
import { messageOf } from '../errors.ts'

/** One HTTP try of one message at one endpoint. Never throws: what went wrong is the answer. */
export type Attempt =
  | { delivered: true; status: number; reply: WebhookReply }
  | { delivered: false; status: number | null; error: string }

const maxReplyBytes = 65_536

/**
 * 2xx with a body that arrives whole within `timeoutMs` is delivered; its body is read for a reply and otherwise ignored.
 * Redirects are not followed (contract 5): the signed message goes only where the registry says.
 */
export async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  timeoutMs: number,
): Promise<Attempt> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/cloudevents+json', 'user-agent': 'Gatehouse' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { status } = response
    if (!response.ok) {
      await response.body?.cancel()
      return { delivered: false, status, error: `answered ${status}` }
    }
    return { delivered: true, status, reply: readReply(await readBounded(response)) }
  } catch (error) {
    return { delivered: false, status: null, error: describe(error, timeoutMs) }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxReplyBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readReply(text: string): WebhookReply {
  try {
    const parsed = WebhookReply.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : {}
  } catch {
    return {}
  }
}

/** fetch says "fetch failed" for most things; the code of its cause (ECONNREFUSED, …) is what helps. No URL: it may hold a token. */
function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  const { cause } = error as { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? messageOf(error)
}

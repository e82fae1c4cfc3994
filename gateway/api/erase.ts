import { NoQuery } from '../../schemas/api.ts'
import { EraseBody, EraseResult } from '../../schemas/audit.ts'
import type { Erased } from '../journal/erasing.ts'
import { createMention, namedBy, type Subject } from '../journal/mention.ts'
import { callerName } from './auth.ts'
import { problem, refusals, sendProblem } from './problem.ts'
import type { App } from './route.ts'
import { personalReason } from './unmask.ts'

export type ErasePort = (request: { subject: Subject; reason: string; caller: string }) => Promise<Erased>

/** Its subject stands in the body, never in the URL, and in no answer. */
export function addErase(app: App, { erase }: { erase: ErasePort }): void {
  /** It reads the whole journal. */
  let isUnderWay = false
  app.post(
    '/erase',
    {
      config: { role: 'admin', load: 'disk' },
      schema: {
        operationId: 'erase',
        tags: ['audit'],
        summary: "Erase a person's reference or a plate from the journal",
        description:
          'Events keep their numbers and times and say `erased` in its place, without free texts; rejected payloads that name it are gone. Points in InfluxDB hold its pseudonyms, which the answer tells. What arrives afterwards is kept again.',
        querystring: NoQuery,
        body: EraseBody,
        response: { 200: EraseResult, ...refusals(400, 401, 403, 409, 503) },
      },
    },
    async ({ body: { ref, plate, reason }, caller }, reply) => {
      const subject: Subject = ref === undefined ? { plate: plate as string } : { ref }
      if (createMention(subject)(reason) || reason.includes(namedBy(subject)))
        return sendProblem(reply, problem(400, personalReason))
      if (isUnderWay) return sendProblem(reply, problem(409, 'Another one is being erased; wait for it'))
      isUnderWay = true
      try {
        return await erase({ subject, reason, caller: callerName(caller) })
      } finally {
        isUnderWay = false
      }
    },
  )
}

import { z } from 'zod'
import { Disposition, Stage } from './alarm.ts'
import { Id } from './ids.ts'
import { text } from './text.ts'

/** Who acts. `by` is the person's name or number as the dispatch centre knows it; it stands in the alarm's history. */
const by = text(64, 1).describe('The person who acts')
const note = text(256).optional()
const actionBody = { by, note, incidentNo: text(64).optional() }
export const AcknowledgeBody = z.object(actionBody)
export const DispatchBody = z.object({ ...actionBody, unit: text(64).optional().describe('The patrol that was sent') })
export const ArriveBody = z.object({ ...actionBody, unit: text(64).optional() })
export const CloseBody = z.object({ ...actionBody, disposition: Disposition })
export const actionBodies = {
  acknowledge: AcknowledgeBody,
  dispatch: DispatchBody,
  arrive: ArriveBody,
  close: CloseBody,
} as const
export type ActionName = keyof typeof actionBodies

/** RFC draft idempotency-key-header: what was sent twice under one key is done once. Visible ASCII. */
export const IdempotencyKey = z
  .string()
  .regex(/^[!-~]{1,128}$/, 'must be 1–128 visible ASCII characters')
  .describe('The same request again under the same key, within a day, changes nothing and gets the first answer')

/** What became of each open alarm of a site, when one action was taken on all of them. */
export const SiteActionResult = z.object({
  items: z.array(
    z.object({ id: z.string(), done: z.boolean(), stage: Stage, refused: z.string().optional().describe('Why not') }),
  ),
})
export type SiteActionResult = z.infer<typeof SiteActionResult>

/** A maintenance window: alarms in it are marked and still delivered, silence in it is not reported. It ends by itself. */
export const MaintenanceBody = z
  .object({
    site: Id.optional(),
    device: Id.optional(),
    minutes: z.int().min(1).max(1440).default(30),
    by,
    note,
  })
  .refine(({ site, device }) => (site === undefined) !== (device === undefined), {
    message: 'name either a site or a device',
    path: ['site'],
  })
export const MaintenanceView = z.object({
  id: z.string(),
  site: z.string().nullable(),
  device: z.string().nullable(),
  from: z.string(),
  until: z.string(),
  by: z.string(),
  note: z.string().nullable(),
})
export type MaintenanceView = z.infer<typeof MaintenanceView>
/** Those that have not ended. */
export const MaintenanceList = z.object({ items: z.array(MaintenanceView) })

import { z } from 'zod'
import { Stage } from './alarm.ts'

/** `gh/v1/{site}/{device}/command/indicate`: how far the device's open alarm is, so that whoever pressed sees that help is coming. */
export const Indicate = z.object({
  alarmId: z.string(),
  stage: Stage,
  incidentNo: z.string().optional().describe("The centre's number of the incident"),
  at: z.string().describe('When the alarm came to this stage'),
})
export type Indicate = z.infer<typeof Indicate>

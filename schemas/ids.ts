import { z } from 'zod'

/** Site, device, endpoint and account ids (contract 2). They stand in topics, so no `/`, `+`, `#` and no upper case. */
export const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/
export const Id = z.string().regex(idPattern, 'must be 1–64 of a–z, 0–9 and -, not starting with -')

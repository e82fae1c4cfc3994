import type { SiteKind } from '../../../../schemas/registry.ts'

/** Without zod, which schemas/registry.ts brings along. The type says when one is missing. */
const kinds: Record<SiteKind, true> = { school: true, kindergarten: true, compound: true, checkpoint: true }
export const siteKinds = Object.keys(kinds) as SiteKind[]

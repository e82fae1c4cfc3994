import { join } from 'node:path'

/** What build.ts writes and serve.ts reads. */
export const distDirectory = join(import.meta.dirname, 'dist')

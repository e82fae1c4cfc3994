import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Three files at a time on two cores: scenarios start gateways and InfluxDBs of their own, and one of three mostly waits for a deadline. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    reporters: ['default'],
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'gatehouse-compile-cache') },
  },
})

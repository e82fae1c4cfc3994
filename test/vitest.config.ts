import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Two files at a time: scenarios start gateways and InfluxDBs of their own, and CI has two cores. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    reporters: ['default'],
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'gatehouse-compile-cache') },
  },
})

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/**
 * Three files at a time on two cores: scenarios start gateways and InfluxDBs of their own, and one of three mostly waits for a deadline.
 * What is pure shares its process: a fresh one for each of a hundred files costs more than what they test.
 */
const root = new URL('..', import.meta.url).pathname
const pure = 'test/unit/**/*.test.ts'

export default defineConfig({
  test: {
    root,
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    reporters: ['default'],
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'gatehouse-compile-cache') },
    projects: [
      { extends: true, test: { name: 'pure', include: [pure], isolate: false } },
      { extends: true, test: { name: 'real', include: ['test/**/*.test.ts'], exclude: [pure] } },
    ],
  },
})

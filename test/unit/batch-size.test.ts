import { expect, test } from 'vitest'
import { BatchSize } from '../../gateway/sqlite/batch-size.ts'

const after = (workMsPerPublish: number, syncMs: number) => {
  const size = new BatchSize(1024)
  for (let n = 0; n < 100; n++) {
    const { limit } = size
    size.took(limit, limit * workMsPerPublish, limit * workMsPerPublish + syncMs)
  }
  return size.limit
}

test('a batch takes the thread about 4 ms; where the disk’s sync takes longer, as long as that', () => {
  expect(after(0.01, 1)).toBe(400)
  expect(after(0.01, 8)).toBe(800)
  expect(after(0.01, 50)).toBe(1024)
  expect(after(0.05, 1)).toBe(128)
  expect(after(0.001, 0)).toBe(1024)
})

test('batches of a few do not say what a publish costs', () => {
  const size = new BatchSize(1024)
  const before = size.limit
  for (let n = 0; n < 100; n++) size.took(2, 1, 2)
  expect(size.limit).toBe(before)
})

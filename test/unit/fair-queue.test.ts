import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue, type Item, Lane } from '../../gateway/journal/fair-queue.ts'

interface Said extends Item<Said> {
  readonly lane: number
  readonly n: number
}
const said = (lane: number, n: number, bytes = 1): Said => ({ lane, n, bytes, next: undefined })

function queueOf(turn: { items: number; bytes: number }, counts: number[]) {
  const queue = new FairQueue<Said>(turn)
  for (const [lane, count] of counts.entries()) {
    const own = new Lane<Said>()
    for (let n = 0; n < count; n++) queue.push(own, said(lane, n))
  }
  return queue
}
const drain = (queue: FairQueue<Said>): Said[] => {
  const all: Said[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) all.push(item)
  return all
}

test('lanes take turns of so many items; one alone has all of it', () => {
  const order = drain(queueOf({ items: 2, bytes: 100 }, [5, 1, 3])).map(({ lane }) => lane)
  expect(order).toEqual([0, 0, 1, 2, 2, 0, 0, 2, 0])
  expect(drain(queueOf({ items: 2, bytes: 100 }, [4])).map(({ n }) => n)).toEqual([0, 1, 2, 3])
})

test('a turn ends by its bytes too, after at least one item', () => {
  const queue = new FairQueue<Said>({ items: 10, bytes: 100 })
  const large = new Lane<Said>()
  const small = new Lane<Said>()
  for (let n = 0; n < 3; n++) queue.push(large, said(0, n, 64_000))
  for (let n = 0; n < 3; n++) queue.push(small, said(1, n, 40))
  expect(drain(queue).map(({ lane }) => lane)).toEqual([0, 1, 1, 1, 0, 0])
})

test('whatever comes and goes: each lane in its order, nothing lost, and nobody waits longer than a turn of each other lane', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.nat(4), bytes: fc.integer({ min: 0, max: 300 }) }) },
    { weight: 2, arbitrary: fc.constant('shift' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const items = 3
      const queue = new FairQueue<Said>({ items, bytes: 200 })
      const lanes = Array.from({ length: 5 }, () => new Lane<Said>())
      const waiting: number[][] = lanes.map(() => [])
      const pushed = lanes.map(() => 0)
      const patience = lanes.map(() => 0)
      const shift = () => {
        const item = queue.shift()
        expect(item === undefined).toBe(waiting.every(own => own.length === 0))
        if (item === undefined) return
        expect(item.n).toBe(waiting[item.lane]?.shift())
        for (const lane of lanes.keys()) {
          patience[lane] = lane === item.lane || waiting[lane]?.length === 0 ? 0 : (patience[lane] as number) + 1
          expect(patience[lane]).toBeLessThanOrEqual(items * (lanes.length - 1))
        }
      }
      for (const one of steps) {
        if (one === 'shift') shift()
        else {
          const n = pushed[one.push]!++
          waiting[one.push]?.push(n)
          queue.push(lanes[one.push]!, said(one.push, n, one.bytes))
        }
        expect(queue.size).toBe(waiting.flat().length)
      }
      while (queue.size > 0) shift()
    }),
    { numRuns: 300, seed: 20_251_124 },
  )
})

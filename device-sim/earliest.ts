/** A queue that gives the smallest key first (a binary heap). As long as what is put in: the fleet keeps one entry per device. */
export type Earliest<T> = { push: (key: number, value: T) => void; peek: () => number | undefined; pop: () => T }

export function createEarliest<T>(): Earliest<T> {
  const heap: { key: number; value: T }[] = []
  const swap = (a: number, b: number) => {
    const kept = heap[a]!
    heap[a] = heap[b]!
    heap[b] = kept
  }
  const up = (index: number) => {
    for (let at = index; at > 0; ) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.key <= heap[at]!.key) return
      swap(parent, at)
      at = parent
    }
  }
  const down = () => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const child = left + 1 < heap.length && heap[left + 1]!.key < heap[left]!.key ? left + 1 : left
      if (heap[at]!.key <= heap[child]!.key) return
      swap(at, child)
      at = child
    }
  }
  return {
    push: (key, value) => {
      heap.push({ key, value })
      up(heap.length - 1)
    },
    peek: () => heap[0]?.key,
    pop: () => {
      const first = heap[0]
      if (first === undefined) throw new Error('pop on an empty queue')
      const last = heap.pop()!
      if (heap.length > 0) {
        heap[0] = last
        down()
      }
      return first.value
    },
  }
}

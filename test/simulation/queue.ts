/** What comes first, first: a binary heap by time, then by the order of planning. */
export class Queue<T extends { at: number; order: number }> {
  readonly #items: T[] = []

  first(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let index = items.push(item) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(item, items[parent] as T)) break
      items[index] = items[parent] as T
      index = parent
    }
    items[index] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (first === undefined || last === undefined || items.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= items.length) break
      if (child + 1 < items.length && isBefore(items[child + 1] as T, items[child] as T)) child++
      if (!isBefore(items[child] as T, last)) break
      items[index] = items[child] as T
      index = child
    }
    items[index] = last
    return first
  }
}

const isBefore = (one: { at: number; order: number }, other: { at: number; order: number }): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)

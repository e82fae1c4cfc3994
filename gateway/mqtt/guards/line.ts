/** A line that whoever stands in it can leave from the middle. Linked through its members: no allocation. One line at a time. */
export interface Member<M extends Member<M>> {
  line: Line<M> | undefined
  ahead: M | undefined
  behind: M | undefined
}

export class Line<M extends Member<M>> {
  #front: M | undefined
  #back: M | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(member: M): void {
    member.line = this
    member.ahead = this.#back
    if (this.#back === undefined) this.#front = member
    else this.#back.behind = member
    this.#back = member
    this.#size++
  }

  shift(): M | undefined {
    const member = this.#front
    if (member !== undefined) this.remove(member)
    return member
  }

  remove(member: M): void {
    if (member.ahead === undefined) this.#front = member.behind
    else member.ahead.behind = member.behind
    if (member.behind === undefined) this.#back = member.ahead
    else member.behind.ahead = member.ahead
    member.line = undefined
    member.ahead = undefined
    member.behind = undefined
    this.#size--
  }
}

import type { Attempt } from '../../gateway/webhook/post.ts'
import type { WebhookMessage, WebhookReply } from '../../schemas/webhook.ts'
import { steps } from './crash-points.ts'
import type { Life } from './universe.ts'
import type { World } from './world.ts'

/** A webhook's receiver, and its book. */
export type Mood = 'good' | 'failing' | 'refusing' | 'hanging' | 'cutting' | 'slow'
export const moods: readonly Mood[] = ['failing', 'refusing', 'hanging', 'cutting', 'slow']
/** `at`: of the first attempt that came; of the first that was answered 2xx. */
type Booked = { body: string; firstAt: number; acceptedAt: number | undefined }

const wayMs = { low: 0.5, high: 60 }
const cutChance = 0.5
const graceMs = 100

export class Endpoint {
  readonly id: string
  readonly level: number
  readonly #world: World
  readonly messages = new Map<string, Booked>()
  /** By alarm: the id of `alarm.raised`, and the number of the last message that was accepted for the first time. */
  readonly raised = new Map<string, string>()
  readonly #last = new Map<string, number>()
  mood: Mood = 'good'
  /** Messages of attempts that are under way, by the life that makes them. */
  readonly #underWay = new Map<string, Life>()
  attempts = 0

  constructor(world: World, id: string, level: number) {
    this.#world = world
    this.id = id
    this.level = level
  }

  /** One attempt, from the gateway's side: never rejects, and never ends when the gateway is dead. */
  post(life: Life, headers: Record<string, string>, body: string, timeoutMs: number): Promise<Attempt> {
    const { universe, chance } = this.#world
    this.#world.passed(steps.posting)
    if (!life.alive) return new Promise(() => {})
    this.attempts++
    this.#afterClose(body)
    const id = headers['webhook-id'] as string
    this.#underWay.set(id, life)
    return new Promise(resolve => {
      const done = (attempt: Attempt) => {
        timer.isCancelled = true
        this.#underWay.delete(id)
        resolve(attempt)
        universe.afterwards(() => this.#world.passed(steps.answered))
      }
      const failed = (status: number | null, error: string) => done({ delivered: false, status, error })
      const timer = universe.plan(timeoutMs, () => failed(null, `no whole answer within ${timeoutMs} ms`), life)
      // It is on the network: it arrives whether the gateway lives or not.
      universe.plan(chance.within(wayMs.low, wayMs.high), () => {
        const answer = this.#take(id, body)
        this.#world.passed(steps.taken)
        if (answer === undefined) return
        const answerMs = this.mood === 'slow' ? chance.within(500, 2900) : chance.within(wayMs.low, wayMs.high)
        universe.plan(answerMs, () => (answer.delivered ? done(answer) : failed(answer.status, answer.error)), life)
      })
      this.#world.passed(steps.posted)
    })
  }

  isUnderWay(message: string): boolean {
    return this.#underWay.get(message)?.alive === true
  }

  /** undefined: no answer ever comes. */
  #take(id: string, body: string): Attempt | undefined {
    const { ledger, universe, chance } = this.#world
    const { type, subject } = JSON.parse(body) as WebhookMessage
    const before = this.messages.get(id)
    if (before !== undefined && before.body !== body) ledger.fail(`message ${id} came with another body`, subject)
    const booked: Booked = before ?? { body, firstAt: universe.now, acceptedAt: undefined }
    this.messages.set(id, booked)
    const { mood } = this
    this.#world.say(subject, `${this.id} is told ${type} and is ${mood}`, id)
    if (type === 'alarm.raised') {
      const known = this.raised.get(subject)
      if (known !== undefined && known !== id)
        ledger.fail(`${this.id}: ${subject} was raised as ${known} and ${id}`, subject)
      this.raised.set(subject, id)
    }
    if (mood === 'failing') return { delivered: false, status: 500, error: 'answered 500' }
    if (mood === 'refusing') return { delivered: false, status: 400, error: 'answered 400' }
    if (mood === 'hanging') return undefined
    if (mood === 'cutting' && chance.happens(cutChance)) return { delivered: false, status: null, error: 'ECONNRESET' }
    if (booked.acceptedAt === undefined) this.#accept(id, subject)
    booked.acceptedAt ??= universe.now
    if (type === 'alarm.raised') this.#world.people.told(subject)
    return { delivered: true, status: 200, reply: this.#reply(type) }
  }

  /** Of a closed alarm only the closing is told; what was found due a moment before is on its way. */
  #afterClose(body: string): void {
    const { type, subject } = JSON.parse(body) as WebhookMessage
    const { ledger, universe } = this.#world
    const closedAt = ledger.closedAt.get(subject)
    if (closedAt !== undefined && type !== 'alarm.closed' && universe.now > closedAt + graceMs)
      ledger.fail(`${this.id} is told ${type} of ${subject}, which was closed before`, subject)
  }

  /** Numbers grow in the order in which the desk makes messages. */
  #accept(id: string, subject: string): void {
    const number = Number(id.slice(id.indexOf('-') + 1))
    const last = this.#last.get(subject) ?? 0
    if (number < last) this.#world.ledger.fail(`${this.id}: message ${id} of ${subject} came after ${last}`, subject)
    this.#last.set(subject, number)
  }

  #reply(type: string): WebhookReply {
    const { chance } = this.#world
    if (this.id !== 'centre' || type !== 'alarm.raised' || !chance.happens(0.2)) return {}
    return { incidentNo: `I-${chance.whole(1, 999)}`, ...(chance.happens(0.5) && { acknowledged: true }) }
  }
}

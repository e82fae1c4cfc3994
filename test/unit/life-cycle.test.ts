import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Input, type Step, step } from '../../gateway/alarms/life-cycle.ts'
import { Alarm, dispositions, type Stage, stages } from '../../schemas/alarm.ts'
import { modes } from '../../schemas/events/alarm.ts'
import { newAlarm, pressedAt } from '../helpers/alarm.ts'

const at = pressedAt + 60_000
const inputs = {
  pressed: { from: 'device', what: 'pressed', at, eventId: 'press-2', mode: 'actual' },
  restored: { from: 'device', what: 'restored', at, eventId: 'rest-1', mode: 'actual' },
  delivered: { from: 'endpoint', what: 'delivered', at, by: 'centre' },
  'acknowledged by an endpoint': { from: 'endpoint', what: 'acknowledged', at, by: 'centre', incidentNo: 'I-1' },
  'acknowledged by a person': { from: 'person', what: 'acknowledged', at, by: '王警官' },
  dispatched: { from: 'person', what: 'dispatched', at, by: '王警官', unit: '巡逻3组', note: 'on the way' },
  arrived: { from: 'person', what: 'arrived', at, by: '王警官' },
  closed: { from: 'person', what: 'closed', at, by: '王警官', disposition: 'false' },
  escalated: { from: 'clock', what: 'escalated', at, by: 'acknowledge' },
} as const satisfies Record<string, Input>

/** The whole table: the stage after each input at each stage; `null`: refused. */
// biome-ignore format: a table is read in columns
const table: Record<keyof typeof inputs, (Stage | null)[]> = {
  // at                          raised          delivered       acknowledged    dispatched    arrived    closed
  pressed:                       ['raised',       'delivered',    'acknowledged', 'dispatched', 'arrived', null],
  restored:                      ['raised',       'delivered',    'acknowledged', 'dispatched', 'arrived', null],
  delivered:                     ['delivered',    'delivered',    'acknowledged', 'dispatched', 'arrived', null],
  'acknowledged by an endpoint': ['acknowledged', 'acknowledged', null,           null,         null,      null],
  'acknowledged by a person':    ['acknowledged', 'acknowledged', null,           null,         null,      null],
  dispatched:                    [null,           null,           'dispatched',   null,         null,      null],
  arrived:                       [null,           null,           null,           'arrived',    null,      null],
  closed:                        [null,           null,           'closed',       'closed',     'closed',  null],
  escalated:                     ['raised',       'delivered',    'acknowledged', 'dispatched', 'arrived', null],
}
/** Being delivered is told to nobody: who it was delivered to knows. */
const told = (input: Input) => (input.what === 'delivered' ? [] : [`alarm.${input.what}`])

const alarmAt = (stage: Stage): Alarm => ({
  ...newAlarm(),
  stage,
  disposition: stage === 'closed' ? 'real' : null,
})

const rows = Object.entries(table).flatMap(([name, row]) =>
  stages.map((stage, index) => ({ name: name as keyof typeof inputs, stage, after: row[index] as Stage | null })),
)

describe('the table of stages and inputs', () => {
  test('is complete', () => {
    expect(rows).toHaveLength(stages.length * Object.keys(inputs).length)
    expect(rows.every(({ after }) => after !== undefined)).toBe(true)
  })

  test.each(rows)('$name at $stage: $after', ({ name, stage, after }) => {
    const alarm = alarmAt(stage)
    const input = inputs[name]
    const result = step(alarm, input)
    if (after === null) {
      expect(result).toEqual({ refused: `it is ${stage}`, stage })
      return
    }
    const { alarm: changed, line, messages } = result as Step
    expect(changed.stage).toBe(after)
    expect(messages).toEqual(told(input))
    expect(line).toMatchObject({ at: '2025-09-01T08:01:00.000Z', what: input.what, stage: after })
    expect(changed.history).toEqual([...alarm.history, line])
    expect(Alarm.parse(changed)).toEqual(changed)
  })
})

describe('a step', () => {
  const taking = (alarm: Alarm, input: Input) => (step(alarm, input) as Step).alarm

  test('leaves the alarm it was given as it was', () => {
    const alarm = newAlarm()
    const before = structuredClone(alarm)
    for (const input of Object.values(inputs)) step(alarm, input)
    expect(alarm).toEqual(before)
  })

  test('of a press adds to the count and makes a test or drill actual, never the other way', () => {
    expect(taking(newAlarm({ mode: 'test' }), inputs.pressed)).toMatchObject({ pressCount: 2, mode: 'actual' })
    expect(taking(newAlarm({ mode: 'test' }), { ...inputs.pressed, mode: 'drill' }).mode).toBe('drill')
    expect(taking(newAlarm({ mode: 'actual' }), { ...inputs.pressed, mode: 'test' }).mode).toBe('actual')
    expect(taking(newAlarm({ mode: 'drill' }), { ...inputs.pressed, mode: 'test' }).mode).toBe('drill')
  })

  test('of coming back to rest is an attribute and changes no mode', () => {
    const restored = taking(newAlarm({ mode: 'test' }), inputs.restored)
    expect(restored).toMatchObject({ restoredAt: '2025-09-01T08:01:00.000Z', mode: 'test', pressCount: 1 })
  })

  test('of the clock raises the escalation level beside the stage', () => {
    expect(taking(taking(newAlarm(), inputs.escalated), inputs.escalated)).toMatchObject({
      stage: 'raised',
      escalationLevel: 2,
    })
  })

  test('writes who, why and with which numbers into the history', () => {
    const acknowledged = taking(newAlarm(), {
      ...inputs['acknowledged by a person'],
      note: 'calling',
      incidentNo: 'I-7',
    })
    const dispatched = taking(acknowledged, inputs.dispatched)
    expect(dispatched.incidentNo).toBe('I-7')
    expect(dispatched.history.slice(1)).toEqual([
      {
        at: '2025-09-01T08:01:00.000Z',
        what: 'acknowledged',
        stage: 'acknowledged',
        by: '王警官',
        note: 'calling',
        incidentNo: 'I-7',
      },
      {
        at: '2025-09-01T08:01:00.000Z',
        what: 'dispatched',
        stage: 'dispatched',
        by: '王警官',
        note: 'on the way',
        unit: '巡逻3组',
      },
    ])
  })

  test('of a delivery brings the first number of the incident, which only who takes the alarm over replaces', () => {
    const numbered = (alarm: Alarm, incidentNo: string) => taking(alarm, { ...inputs.delivered, incidentNo })
    const first = numbered(newAlarm(), 'I-1')
    const second = numbered(first, 'I-2')
    expect([first.incidentNo, second.incidentNo]).toEqual(['I-1', 'I-1'])
    expect(second.history.at(-1)).toMatchObject({ what: 'delivered', incidentNo: 'I-2' })
    expect(taking(second, { ...inputs['acknowledged by an endpoint'], incidentNo: 'I-2' }).incidentNo).toBe('I-2')
  })

  test('keeps what people and endpoints did while a contact flaps for an hour', () => {
    let alarm = taking(taking(newAlarm(), inputs.delivered), inputs['acknowledged by a person'])
    for (let count = 0; count < 3600; count++) alarm = taking(alarm, count % 2 ? inputs.pressed : inputs.restored)
    expect(alarm.pressCount).toBe(1801)
    expect(alarm.history).toHaveLength(30)
    expect(alarm.history.slice(0, 3).map(({ what }) => what)).toEqual(['raised', 'delivered', 'acknowledged'])
    expect(alarm.history.at(-1)?.what).toBe('pressed')
  })
})

describe('whatever comes, in whatever order', () => {
  const by = fc.constantFrom('a', 'b')
  const eventId = fc.constantFrom('1', '2')
  const when = fc.integer({ min: -3_600_000, max: 3_600_000 }).map(ms => pressedAt + ms)
  const more = { at: when, by }
  const personal = fc.constantFrom('acknowledged', 'dispatched', 'arrived')
  const input: fc.Arbitrary<Input> = fc.oneof(
    fc.record({
      from: fc.constant('device'),
      what: fc.constantFrom('pressed', 'restored'),
      at: when,
      eventId,
      mode: fc.constantFrom(...modes),
    }),
    fc.record({ from: fc.constant('endpoint'), what: fc.constantFrom('delivered', 'acknowledged'), ...more }),
    fc.record({ from: fc.constant('person'), what: personal, ...more }),
    fc.record({
      from: fc.constant('person'),
      what: fc.constant('closed'),
      disposition: fc.constantFrom(...dispositions),
      ...more,
    }),
    fc.record({ from: fc.constant('clock'), what: fc.constant('escalated'), ...more }),
  ) as fc.Arbitrary<Input>
  const gravity = (mode: Alarm['mode']) => ['test', 'drill', 'actual'].indexOf(mode)

  test('stages go forward, nothing is swallowed, and the history stays whole and bounded', () => {
    const start = fc.constantFrom(...modes)
    fc.assert(
      fc.property(start, fc.array(input, { maxLength: 80 }), (mode, given) => {
        const first = newAlarm({ mode })
        let alarm = first
        let presses = 1
        let escalations = 0
        let taken = 1
        for (const one of given) {
          const result = step(alarm, one)
          if ('refused' in result) {
            // Presses and what else just happens is refused by nothing but the end.
            const happens = ['pressed', 'restored', 'delivered', 'escalated'].includes(one.what)
            if (happens) expect(alarm.stage).toBe('closed')
            expect(result.stage).toBe(alarm.stage)
            continue
          }
          expect(alarm.stage).not.toBe('closed')
          const { alarm: changed, line } = result
          taken++
          if (one.what === 'pressed') presses++
          if (one.what === 'escalated') escalations++
          expect(stages.indexOf(changed.stage)).toBeGreaterThanOrEqual(stages.indexOf(alarm.stage))
          expect(gravity(changed.mode)).toBeGreaterThanOrEqual(gravity(alarm.mode))
          expect(changed.pressCount).toBe(presses)
          expect(changed.escalationLevel).toBe(escalations)
          expect(changed.disposition === null).toBe(changed.stage !== 'closed')
          expect(changed.history[0]).toEqual(first.history[0])
          expect(changed.history.at(-1)).toEqual(line)
          expect(changed.history).toHaveLength(Math.min(taken, 30))
          expect(Alarm.parse(changed)).toEqual(changed)
          alarm = changed
        }
      }),
      { numRuns: 300 },
    )
  })
})

import { useEffect, useRef } from 'preact/hooks'
import type { Alarm } from '../../../../schemas/alarm.ts'
import { Field } from '../parts/field.tsx'
import { useStation } from '../station.ts'
import { alarmWords } from '../words/alarm.ts'
import { boardWords } from '../words/board.ts'
import { useWords } from '../words/words.ts'
import { type Entered, unitsOf } from './steps.ts'

type Props = { entered: Entered; onEnter: (entered: Entered) => void }
const suggestedAtMost = 12

/** The patrol that is sent; those that were sent before are offered. */
export function UnitField({ entered, onEnter }: Props) {
  const { world } = useStation()
  const words = useWords(boardWords)
  return (
    <Field label={words.unit}>
      <input
        name="unit"
        maxLength={64}
        autocomplete="off"
        list="units"
        placeholder={words.unitHint}
        value={entered.unit}
        onInput={event => onEnter({ ...entered, unit: event.currentTarget.value })}
      />
      <datalist id="units">
        {unitsOf(world.alarms.value.values())
          .slice(0, suggestedAtMost)
          .map(unit => (
            <option key={unit} value={unit} />
          ))}
      </datalist>
    </Field>
  )
}

const dispositions: readonly NonNullable<Alarm['disposition']>[] = ['real', 'false', 'drill', 'test']

/** What it was, and a note. */
export function CloseFields({ alarm, entered, onEnter }: Props & { alarm: Alarm }) {
  const words = useWords(boardWords)
  const names = useWords(alarmWords).dispositions
  const first = useRef<HTMLInputElement>(null)
  // Who chose to close goes on by keyboard; where it is the next step anyway, the page's own Enter leads here.
  useEffect(() => {
    if (alarm.stage !== 'arrived') first.current?.focus()
  }, [alarm.stage])
  return (
    <>
      <fieldset class="dispositions">
        <legend>{words.disposition}</legend>
        {dispositions.map((disposition, index) => (
          <label key={disposition}>
            <input
              ref={index === 0 ? first : null}
              type="radio"
              name="disposition"
              value={disposition}
              checked={entered.disposition === disposition}
              onChange={() => onEnter({ ...entered, disposition })}
            />
            <span>{names[disposition]}</span>
          </label>
        ))}
      </fieldset>
      <Field label={words.note}>
        <input
          name="note"
          maxLength={256}
          autocomplete="off"
          value={entered.note}
          onInput={event => onEnter({ ...entered, note: event.currentTarget.value })}
        />
      </Field>
    </>
  )
}

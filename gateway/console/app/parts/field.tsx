import type { ComponentChildren } from 'preact'

/** A label over its control; the control is the child. */
export function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  )
}

/** A choice of one; '' is "all". */
export function Choice<T extends string>(props: {
  label: string
  value: string
  all: string
  options: readonly (readonly [value: T, text: string])[]
  onChoose: (value: T | '') => void
}) {
  return (
    <Field label={props.label}>
      <select value={props.value} onChange={event => props.onChoose(event.currentTarget.value as T | '')}>
        <option value="">{props.all}</option>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  )
}

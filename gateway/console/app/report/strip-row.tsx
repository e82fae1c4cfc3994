import type { Strip } from './strip.ts'

/** One site's strip. The figures stand beside it in the table, so it says nothing of its own to a screen reader. */
export function StripRow({ strip, ticks }: { strip: Strip | undefined; ticks: number }) {
  const x = (part: number) => `${1 + part * 98}%`
  return (
    <svg class={strip?.isOver ? 'strip over' : 'strip'} width="100%" height="22" aria-hidden="true">
      {Array.from({ length: ticks }, (_, at) => (
        <line key={at} class="tick" x1={x(at / (ticks - 1))} x2={x(at / (ticks - 1))} y1="0" y2="22" />
      ))}
      {strip?.limit !== undefined && <line class="limit" x1={x(strip.limit)} x2={x(strip.limit)} y1="0" y2="22" />}
      {strip !== undefined && (
        <>
          <line class="span" x1={x(strip.p50)} x2={x(strip.p90)} y1="11" y2="11" />
          <line class="p90" x1={x(strip.p90)} x2={x(strip.p90)} y1="4" y2="18" />
          <circle class="p50" cx={x(strip.p50)} cy="11" r="4.5" />
        </>
      )}
    </svg>
  )
}

import type { SiteKind } from '../../../../schemas/registry.ts'

/** □ school, a smaller one for a kindergarten, ○ compound, ◇ checkpoint. Around 0,0; `size` is half its width. */
export function Shape({ kind, size }: { kind: SiteKind; size: number }) {
  if (kind === 'compound') return <circle r={size} />
  if (kind === 'checkpoint') return <path d={`M0 ${-size * 1.3}L${size * 1.3} 0 0 ${size * 1.3} ${-size * 1.3} 0Z`} />
  const half = kind === 'kindergarten' ? size * 0.7 : size * 0.95
  return <rect x={-half} y={-half} width={2 * half} height={2 * half} />
}

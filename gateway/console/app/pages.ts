import type { ComponentType } from 'preact'
import { Board } from './pages/board.tsx'
import { Deliveries } from './pages/deliveries.tsx'
import { Events } from './pages/events.tsx'
import { Health } from './pages/health.tsx'
import { Rejections } from './pages/rejections.tsx'
import { Report } from './pages/report.tsx'
import { Sites } from './pages/sites.tsx'

/** The tabs in their order; keys 1–7. The address is `#/<name>`, the board's `#/`. */
export const pages = {
  board: Board,
  sites: Sites,
  events: Events,
  report: Report,
  deliveries: Deliveries,
  rejections: Rejections,
  health: Health,
} as const satisfies Record<string, ComponentType>
export type PageName = keyof typeof pages
export const pageNames = Object.keys(pages) as PageName[]

/** `alarm` is the board with one alarm open. */
export const pageOf = (name: string): PageName | undefined =>
  name === '' || name === 'alarm' ? 'board' : (pageNames as string[]).includes(name) ? (name as PageName) : undefined
export const addressOf = (name: PageName): string => (name === 'board' ? '#/' : `#/${name}`)

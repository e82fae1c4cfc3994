import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { picture, sizes, useBrowser } from '../helpers/browser.ts'
import { startBusyZone } from '../helpers/busy-zone.ts'
import { logIn, officers } from '../helpers/officers.ts'

const { visit } = useBrowser()

/** Each pair of size, language and theme once. */
const looks = [
  { size: 'desktop', language: 'zh-CN', theme: 'dark' },
  { size: 'phone', language: 'en', theme: 'dark' },
  { size: 'phone', language: 'zh-CN', theme: 'light' },
  { size: 'desktop', language: 'en', theme: 'light' },
] as const

/** Everything there is to see: where it stands, what it is known by, and what is opened there first. */
const views: { name: string; address: string; shows: string; open?: string }[] = [
  { name: 'board', address: '#/', shows: '.alarm-row.loud' },
  { name: 'alarm', address: '#/', shows: '.panel.asked .track', open: '.alarm-row.loud' },
  { name: 'sites', address: '#/sites?find=%E7%AC%AC%E4%BA%8C', shows: '.page.sites tbody tr' },
  { name: 'events', address: '#/events', shows: '.page.events .details', open: '.page.events .opener' },
  { name: 'report', address: '#/report', shows: '.page.report .strips tbody tr' },
  { name: 'deliveries', address: '#/deliveries', shows: '.page.deliveries tbody tr' },
  { name: 'rejections', address: '#/rejections', shows: '.page.rejections tbody tr' },
  { name: 'health', address: '#/health', shows: '.page.health table' },
  { name: 'unknown', address: '#/nowhere', shows: '.page.unknown a' },
]

test('every page, on a desk and on a phone, in both languages and both themes: fits, and can be used by everybody', async () => {
  const gateway = await startBusyZone()
  const { page } = await visit(gateway.httpUrl, { scripts: [axe.source] })
  const wrong: string[] = []
  const look = async (name: string) => {
    wrong.push(...(await overflowOf(page)).map(what => `${name}: wider than the window: ${what}`))
    wrong.push(...(await violationsOf(page)).map(what => `${name}: ${what}`))
    // Half of them are enough to look at.
    if (!name.includes('-en-')) await picture(page, `page-${name}`)
  }
  await page.getByLabel('访问令牌').waitFor()
  await look('login-desktop')
  await logIn(page, officers.王岚.token)
  for (const { size, language, theme } of looks) {
    await page.setViewportSize(sizes.desktop)
    // A phone has no room for this choice: it follows its system.
    await page.locator('.theme select').selectOption(theme)
    if ((await page.locator('html').getAttribute('lang')) !== language)
      await page.locator('header.top button[lang]').click()
    await page.locator(`html[lang="${language}"]`).waitFor()
    await page.setViewportSize(sizes[size])
    for (const { name, address, shows, open } of views) {
      await page.evaluate(`location.hash = ${JSON.stringify(address)}`)
      if (open !== undefined) await page.locator(open).first().click()
      await page.locator(shows).first().waitFor()
      await look(`${name}-${size}-${language}-${theme}`)
    }
  }
  expect(wrong).toEqual([])
  // Thirty-six looks, each with axe: much for a machine that has other things to do.
}, 240_000)

/** What sticks out of the window to the right, unless it can be scrolled to within its own frame. */
const overflowOf = (page: Page) =>
  page.evaluate(`(() => {
    const room = document.documentElement.clientWidth
    const isFramed = element => element !== null && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || isFramed(element.parentElement))
    const out = [...document.body.querySelectorAll('*')]
      .filter(element => element.getBoundingClientRect().right > room + 1 && !isFramed(element.parentElement))
      .map(element => element.tagName + '.' + element.className)
    const scrolls = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) > room
    return scrolls ? ['the body', ...out.slice(0, 5)] : out.slice(0, 5)
  })()`) as Promise<string[]>

const violationsOf = async (page: Page): Promise<string[]> => {
  const found = (await page.evaluate(`axe.run(document, {
    preload: false,
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    resultTypes: ['violations'],
  })`)) as axe.AxeResults
  return found.violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 4)
      .map(
        ({ html, any, all }) =>
          `${id}: ${html.slice(0, 160)} (${[...any, ...all].map(({ message }) => message).join('; ')})`,
      ),
  )
}

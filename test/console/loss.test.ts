import { expect, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import { picture, useBrowser } from '../helpers/browser.ts'
import { startDuty } from '../helpers/duty.ts'
import { logIn, officers, settled } from '../helpers/officers.ts'

const { visit } = useBrowser()
/** What Chromium says of requests to a gateway that isn't there. */
const unreachable = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/

test('a gateway that dies and comes back: the page says so, waits with actions, and is right again without a reload', async () => {
  const duty = await startDuty()
  const { gateway } = duty
  const first = await duty.press(1, 'press-1')
  const { page, loads, urls } = await visit(gateway.httpUrl, { allows: [unreachable] })
  await logIn(page, officers.李想.token)
  const acknowledge = page.getByRole('button', { name: '接警' })
  await acknowledge.waitFor()
  expect(await acknowledge.getAttribute('aria-disabled')).not.toBe('true')
  expect(await page.locator('.banner').count()).toBe(0)

  await gateway.kill()
  await page.locator('.banner', { hasText: /与网关的连接已断开。以下为 \d\d:\d\d:\d\d 的情况，操作暂不可用/ }).waitFor({
    timeout: 5000,
  })
  await page.getByText('与网关的连接已断开，操作等待恢复。').waitFor()
  expect(await acknowledge.getAttribute('aria-disabled')).toBe('true')
  await settled(page)
  await page.keyboard.press('Enter')
  await acknowledge.click({ force: true })
  await picture(page, 'loss')
  expect(urls.filter(url => url.endsWith('/acknowledge'))).toEqual([])

  // Up where the page can't see it, and something happens; down again, and up where the page knows it.
  const elsewhere = await duty.restart(0)
  const second = await duty.press(2, 'press-2')
  await elsewhere.stop()
  await duty.restart(gateway.httpPort)
  await page.locator('.line-state.live').waitFor()
  await page.locator('.banner').waitFor({ state: 'hidden' })
  const rows = page.locator('.alarm-row')
  await rows.nth(1).waitFor()
  expect(await rows.evaluateAll(all => all.map(row => (row as unknown as { hash: string }).hash))).toEqual([
    `#/alarm/${first}`,
    `#/alarm/${second}`,
  ])
  expect(await acknowledge.getAttribute('aria-disabled')).not.toBe('true')
  await settled(page)
  await page.keyboard.press('Enter')
  await page.locator('.track .current', { hasText: '已接警' }).waitFor()
  const stages = [first, second].map(async id => (await duty.gateway.get<Alarm>(`alarms/${id}`)).stage)
  expect(await Promise.all(stages)).toEqual(['acknowledged', 'delivered'])
  expect(loads()).toBe(1)
})

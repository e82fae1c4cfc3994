import { expect, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import { picture, useBrowser } from '../helpers/browser.ts'
import { startDuty } from '../helpers/duty.ts'
import { logIn, officers, settled } from '../helpers/officers.ts'
import { until } from '../helpers/until.ts'

const { visit } = useBrowser()

/** Keeps the height of every tone that the page plays. */
const hearTones = `window.tones = []
const start = OscillatorNode.prototype.start
OscillatorNode.prototype.start = function (...when) {
  window.tones.push(this.frequency.value)
  return start.apply(this, when)
}`
const ringing = [880, 1318]

test('an operator, from the press to the close, by keyboard alone and without a reload', async () => {
  const { gateway, endpoint, press } = await startDuty()
  const { page, urls, loads } = await visit(gateway.httpUrl, { scripts: [hearTones] })
  const tones = () => page.evaluate('window.tones') as Promise<number[]>
  await logIn(page, officers.王岚.token)
  await page.getByText('当前没有未结警情').waitFor()
  expect(await page.title()).toBe('Gatehouse')
  // The click of the login was the one that browsers wait for.
  await page.getByRole('button', { name: '声音已开' }).waitFor()

  // A drill lets nobody jump: it says so in front, shows itself, and does not ring.
  const drill = await press(2, 'drill-1', { mode: 'drill' })
  const rows = page.locator('.alarm-row')
  await rows.filter({ hasText: '演练' }).waitFor()
  await until(async () => (await page.title()) === '(1) Gatehouse', 'one that is open, in the title')
  expect((await tones()).filter(tone => ringing.includes(tone))).toEqual([])

  const alarm = await press(1, 'press-1')
  await rows.nth(1).waitFor()
  expect(await rows.first().textContent()).not.toContain('演练')
  const panel = page.locator('.panel')
  // The drill, that nobody had taken over, gives way.
  await panel.locator('article.actual').waitFor()
  expect(await panel.getByRole('heading').first().textContent()).toContain('第一小学')
  await until(async () => (await page.title()) === '▲▲ 报警 (1)', 'a title that shouts')
  await until(async () => {
    const heard = await tones()
    return ringing.every(tone => heard.includes(tone))
  }, 'the ring')
  await panel.getByText('示范区科技路60号').waitFor()
  await panel.getByText('门卫 梁某').waitFor()
  await picture(page, 'story-ringing')

  const track = (stage: string) => panel.locator('.track .current', { hasText: stage }).waitFor()
  await settled(page)
  await page.keyboard.press('Enter')
  await track('已接警')
  const rung = (await tones()).length
  await until(async () => (await page.title()) === '(2) Gatehouse', 'a title that is calm again')

  await settled(page)
  await page.keyboard.press('Enter')
  await page.keyboard.type('巡逻3组')
  await page.keyboard.press('Enter')
  await track('已派警')
  await settled(page)
  await page.keyboard.press('Enter')
  await track('已到场')
  await settled(page)
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  await page.keyboard.type('学生误触')
  await picture(page, 'story-closing')
  await page.keyboard.press('Enter')
  await page.locator('.closed-today', { hasText: '误报' }).waitFor()
  expect(await rows.count()).toBe(1)
  expect((await tones()).length, 'tones after it was taken over').toBe(rung)

  const { message } = await endpoint.next(({ message }) => message.type === 'alarm.closed')
  expect(message.subject).toBe(alarm)
  const { history, disposition } = await gateway.get<Alarm>(`alarms/${alarm}`)
  expect(disposition).toBe('false')
  expect(
    history.filter(({ by }) => by === '王岚').map(({ what, unit, note }) => [what, unit ?? note].filter(Boolean)),
  ).toEqual([['acknowledged'], ['dispatched', '巡逻3组'], ['arrived'], ['closed', '学生误触']])
  expect((await gateway.get<Alarm>(`alarms/${drill}`)).stage).toBe('delivered')
  expect(loads()).toBe(1)
  expect([page.url(), ...urls].filter(url => url.includes(officers.王岚.token))).toEqual([])
  expect(await page.evaluate('JSON.stringify({ ...localStorage }) + document.cookie')).not.toContain(
    officers.王岚.token,
  )
  expect(gateway.output()).not.toContain(officers.王岚.token)
})

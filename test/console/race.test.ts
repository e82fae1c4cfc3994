import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Alarm } from '../../schemas/alarm.ts'
import { useBrowser } from '../helpers/browser.ts'
import { startDuty } from '../helpers/duty.ts'
import { logIn, type Officer, officers, settled } from '../helpers/officers.ts'
import { until } from '../helpers/until.ts'

const { visit } = useBrowser()

const pressNextAtOnce = `new MutationObserver(() => {
  const button = document.querySelector('form.steps[data-step="arrive"] button.big')
  if (window.pressedNext || button === null || button.getAttribute('aria-disabled') === 'true') return
  window.pressedNext = true
  button.click()
}).observe(document.body, { subtree: true, childList: true, attributes: true })`

test('two operators take over one alarm at once: one does, the other is told who was first, and both go on without a reload', async () => {
  const { gateway, press } = await startDuty()
  const alarm = await press(1, 'press-1')
  const names: Officer[] = ['王岚', '李想']
  const desks = await Promise.all(
    names.map(async name => {
      const seat = await visit(gateway.httpUrl, { allows: [/status of 409/] })
      await logIn(seat.page, officers[name].token)
      return { name, ...seat }
    }),
  )
  // Neither request goes on before both are made: nobody knows of the other's when pressing.
  const { promise: bothPressed, resolve } = Promise.withResolvers<void>()
  let pressed = 0
  for (const { page } of desks)
    await page.route('**/acknowledge', async route => {
      if (++pressed === desks.length) resolve()
      await bothPressed
      await route.continue()
    })
  const answers = await Promise.all(
    desks.map(async ({ page, name }) => {
      await settled(page)
      const answer = page.waitForResponse('**/acknowledge')
      await page.getByRole('button', { name: '接警' }).click()
      return { name, status: (await answer).status() }
    }),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const first = answers.find(({ status }) => status === 200)!.name
  const [winner, loser] = first === names[0] ? desks : desks.toReversed()

  await loser!.page
    .getByRole('alert')
    .filter({ hasText: `已被 ${first} 抢先：当前 已接警` })
    .waitFor()
  const goesOn = (page: Page) => page.getByRole('button', { name: '派警' }).waitFor()
  await Promise.all(desks.map(({ page }) => goesOn(page)))
  for (const { page } of desks) await page.locator('.history .line', { hasText: `接警 ${first}` }).waitFor()
  expect(await winner!.page.locator('.trouble').count()).toBe(0)
  // The one who was late goes on with it: it is the same alarm, at its next step.
  await loser!.page.getByLabel('派出单位').fill('1号车')
  await settled(loser!.page)
  // The button is pressed a second time the moment it has become the next step's: that is not taken.
  await loser!.page.evaluate(pressNextAtOnce)
  await loser!.page.getByRole('button', { name: '派警' }).click()
  for (const { page } of desks) await page.locator('.history .line', { hasText: `派警 ${loser!.name}` }).waitFor()
  await until(() => loser!.page.evaluate('window.pressedNext') as Promise<boolean>, 'the second press')
  const { history } = await gateway.get<Alarm>(`alarms/${alarm}`)
  expect(history.flatMap(({ what, by }) => (names.includes(by as Officer) ? [[what, by]] : []))).toEqual([
    ['acknowledged', first],
    ['dispatched', loser!.name],
  ])
  expect(await gateway.get<Alarm>(`alarms/${alarm}`)).toMatchObject({ stage: 'dispatched' })
  expect(desks.map(({ loads }) => loads())).toEqual([1, 1])
})

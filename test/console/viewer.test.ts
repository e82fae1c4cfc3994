import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { useBrowser } from '../helpers/browser.ts'
import { connectDevice } from '../helpers/device.ts'
import { type Duty, startDuty } from '../helpers/duty.ts'
import { markedData, marksIn, spoiltPayloads } from '../helpers/marked-payloads.ts'
import { logIn, officers, settled } from '../helpers/officers.ts'
import { gate } from '../helpers/registry.ts'
import { until } from '../helpers/until.ts'

const { visit } = useBrowser()
const pageNames = ['board', 'sites', 'events', 'report', 'deliveries', 'rejections', 'health'] as const
const show = async (page: Page, name: (typeof pageNames)[number]) => {
  await page.keyboard.press(String(pageNames.indexOf(name) + 1))
  await page.locator(`main.page.${name}`).waitFor()
}

/** One event of each kind and one that is refused, each full of what may be personal; then a press. */
async function saySecrets({ gateway, press }: Duty): Promise<void> {
  const door = await connectDevice(gateway.mqttUrl, gate)
  onTestFinished(() => door.end())
  for (const kind of ['access', 'face', 'vehicle', 'telemetry'] as const)
    await door.publish(kind, { id: `marked-${kind}`, data: markedData[kind] })
  const [spoilt] = spoiltPayloads('vehicle', () => 'marked-spoilt')
  await door.publishRaw(`gh/v1/${gate.site}/${gate.device}/event/vehicle`, spoilt!)
  await press(1, 'press-1', markedData.alarm)
}

test('a viewer sees all pages, without a button that does something, a person or a plate', async () => {
  const duty = await startDuty()
  await saySecrets(duty)
  const { page, urls } = await visit(duty.gateway.httpUrl)
  await logIn(page, officers.访客.token)
  const seen: string[] = []
  const remember = async () => void seen.push(await page.content())

  await page.getByText('当前令牌只有查看权限，不能处置。请换用接警员令牌登录。').waitFor()
  expect(await page.locator('form.steps').count()).toBe(0)
  await settled(page)
  await page.keyboard.press('Enter')
  await remember()
  const acting = page.getByRole('button', { name: /接警|派警|到场|结案|重试|重放|原文|维护/ })
  for (const name of pageNames) {
    await show(page, name)
    await until(
      async () => (await page.locator('main.page').textContent())?.includes('读取') === false,
      'what it shows',
    )
    await remember()
    expect(await acting.count(), name).toBe(0)
  }
  await show(page, 'events')
  for (const kind of ['门禁', '人脸', '车辆', '遥测', '报警']) {
    const row = page.locator('main tbody tr').filter({ has: page.getByRole('cell', { name: kind }) })
    await row.first().getByRole('button').click()
    await row.first().getByRole('button', { expanded: true }).waitFor()
    await remember()
  }
  const all = seen.join('\n')
  expect(all).toMatch(/"personKey": "[0-9a-f]{16}"/)
  expect(all).toMatch(/"plateKey": "[0-9a-f]{16}"/)
  expect(marksIn(all)).toEqual([])
  expect(urls.filter(url => /acknowledge|unmask|replay|retry/.test(url))).toEqual([])
})

test('a wrong token is told in words; language, help and log-out by whoever sits there; a reload asks for nothing', async () => {
  const { gateway } = await startDuty()
  const { page, urls } = await visit(gateway.httpUrl, { allows: [/status of 401/] })
  await page.getByLabel('访问令牌').fill('token-of-nobody')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: '网关不认识这个令牌' }).waitFor()
  await logIn(page, officers.王岚.token)

  const help = page.getByRole('complementary', { name: '键盘' })
  await page.keyboard.press('?')
  await help.getByText('执行下一步').waitFor()
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })

  await page.getByRole('button', { name: 'EN', exact: true }).click()
  await page.getByRole('link', { name: 'Alarms', exact: true }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  await show(page, 'health')
  await page.reload()
  await page.locator('.line-state.live').waitFor()
  await page.locator('main.page.health').waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
  expect(await page.locator('.who').textContent()).toBe('王岚 (dispatcher)')
  expect(
    await page
      .locator('main, nav')
      .allTextContents()
      .then(texts => texts.join()),
  ).not.toMatch(/\p{Script=Han}/u)

  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByLabel('Access token').waitFor()
  expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toBe('{}')
  await page.goBack()
  await page.getByLabel('Access token').waitFor()
  expect([page.url(), ...urls].filter(url => /token-of/.test(url))).toEqual([])
})

import type { Page } from 'playwright-core'
import { adminToken } from './gateway.ts'
import { until } from './until.ts'

/** Who logs in to the console in the tests, with tokens that no other text contains. */
export const officers = {
  王岚: { role: 'dispatcher', token: 'token-of-wang-4f1c9a' },
  李想: { role: 'dispatcher', token: 'token-of-li-83be02' },
  访客: { role: 'viewer', token: 'token-of-a-guest-c77d' },
} as const
export type Officer = keyof typeof officers

/** Settings that let them in, beside the tests' own admin. */
export const officersEnv = {
  GATEHOUSE_API_TOKENS: [
    `tests:admin:${adminToken}`,
    ...Object.entries(officers).map(([name, { role, token }]) => `${name}:${role}:${token}`),
  ].join(','),
}

/** As a person does it, and until the page is live. */
export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('访问令牌').fill(token)
  await page.getByRole('button', { name: '登录' }).click()
  await page.locator('.line-state.live').waitFor()
}

/** Resolves once the alarm that is open has been so long enough for Enter to count: the finger may have meant the one before. */
export const settled = (page: Page): Promise<unknown> =>
  until(() => page.evaluate(stageIsOld) as Promise<boolean>, 'an alarm that stays as it is')

const stageIsOld = `(() => {
  const form = document.querySelector('form.steps')
  const now = form && form.dataset.stage + form.querySelector('.big').innerText + document.querySelector('.panel header').innerText
  if (window.stageSeen !== now) [window.stageSeen, window.stageSeenAt] = [now, performance.now()]
  return performance.now() - window.stageSeenAt > 800
})()`

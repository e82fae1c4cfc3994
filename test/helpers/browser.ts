import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, onTestFinished } from 'vitest'
import { buildConsole } from '../../gateway/console/build.ts'

/** The console as an officer sees it: Debian's Chromium, one for a test file, a page with a profile of its own for each visit. */
export const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const

/** Pictures, for whoever looks at a run afterwards; gitignored. */
export const outputDirectory = join(import.meta.dirname, '../output')

export type Visit = {
  page: Page
  /** Of every request so far, in order. */
  urls: string[]
  /** How often the page was loaded: 1 as long as nobody reloads. */
  loads(): number
}

/** `allows`: what the browser's console may complain of in this visit, because the test makes it happen; anything else fails it. */
type VisitOptions = {
  size?: keyof typeof sizes
  allows?: readonly RegExp[]
  colorScheme?: 'dark' | 'light'
  /** Run in the page before its own script, past its policy. */
  scripts?: readonly string[]
}

const programOf = (env: NodeJS.ProcessEnv) => env.GATEHOUSE_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** To be called at the top of a test file. */
export function useBrowser(): { visit: (httpUrl: string, options?: VisitOptions) => Promise<Visit> } {
  let browser: Browser | undefined
  beforeAll(async () => {
    await buildConsole()
    browser = await chromium.launch({
      executablePath: programOf(process.env),
      // Containers have a small /dev/shm and, as root, no sandbox; nothing outside is ever to be reached, by the browser itself either.
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-audio-output',
        '--disable-dev-shm-usage',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    })
  })
  afterAll(() => browser?.close())

  return {
    async visit(httpUrl, { size = 'desktop', allows = [], colorScheme = 'dark', scripts = [] } = {}) {
      const context = await browser!.newContext({ viewport: sizes[size], colorScheme, locale: 'zh-CN' })
      const faults: string[] = []
      const urls: string[] = []
      let loads = 0
      for (const content of [tellViolations, ...scripts]) await context.addInitScript({ content })
      const page = await context.newPage()
      page.on('load', () => {
        loads++
      })
      page.on('request', request => {
        urls.push(request.url())
        if (new URL(request.url()).origin !== httpUrl) faults.push(`a request to ${request.url()}`)
      })
      page.on('pageerror', error => faults.push(`thrown: ${error.stack ?? error.message}`))
      page.on('console', message => {
        const text = message.text()
        if (message.type() === 'error' && !allows.some(allowed => allowed.test(text))) faults.push(`console: ${text}`)
      })
      onTestFailed(async ({ task }) => void (await picture(page, `failed-${task.name.slice(0, 40)}`).catch(() => {})))
      // Finished hooks run in the order opposite to this one, failed ones after them: the page stays until its picture is taken.
      onTestFinished(async ({ task }) => {
        if (task.result?.state === 'fail') await picture(page, `failed-${task.name.slice(0, 40)}`).catch(() => {})
        await context.close()
        expect(faults, 'what the browser complained of').toEqual([])
      })
      await page.goto(httpUrl)
      return { page, urls, loads: () => loads }
    },
  }
}

/** Each break of the Content-Security-Policy as an error of the console, also where Chromium itself says nothing. */
const tellViolations = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
  console.error('policy broken:', violatedDirective, blockedURI, sourceFile, lineNumber))`

/** A PNG of what is seen, below test/output/. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(outputDirectory, { recursive: true })
  await page.screenshot({ path: join(outputDirectory, `${name.replaceAll(/[^\p{L}\p{N}-]+/gu, '-')}.png`) })
}

import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { createHands } from '../../device-sim/demo-hands.ts'
import type { Fleet } from '../../device-sim/fleet.ts'
import { Device, Site } from '../../schemas/registry.ts'

const buttons = ['school-02', 'school-03'].map(id => ({
  site: Site.parse({ id, name: `学校 ${id}`, kind: 'school' }),
  device: Device.parse({ id: `${id}-button-01`, site: id, kind: 'panic-button', placement: '门卫室' }),
}))

function createStand(lines: PassThrough | undefined, firstAfterMs: number) {
  const ended = new AbortController()
  const said: string[] = []
  const pressed: string[] = []
  const fleet = {
    say: async (device: string) => {
      pressed.push(device)
      return { eventId: 'x', pubackMs: 1 }
    },
  } as unknown as Fleet
  const hands = createHands({ buttons, say: line => said.push(line), lines, firstAfterMs, stopped: ended.signal })
  return { hands, said, pressed, ended, pressing: hands.press(fleet) }
}

test('each Enter presses the next button, and nothing more comes by itself then', async () => {
  const lines = new PassThrough()
  const { pressed, ended, pressing } = createStand(lines, 30)
  for (const count of [1, 2, 3]) {
    lines.write('\n')
    await vi.waitUntil(() => pressed.length === count, { timeout: 5000, interval: 1 })
  }
  expect(pressed).toEqual(['school-02-button-01', 'school-03-button-01', 'school-02-button-01'])
  ended.abort()
  await pressing
  expect(pressed).toHaveLength(3)
})

test('who presses no key gets one alarm by itself, and is told once it is closed', async () => {
  const { hands, said, pressed, ended, pressing } = createStand(undefined, 1)
  await vi.waitUntil(() => pressed.length === 1, { timeout: 5000, interval: 1 })
  hands.told({ type: 'alarm.closed', device: 'somebody-elses', disposition: 'real' })
  hands.told({ type: 'alarm.raised', device: 'school-02-button-01', disposition: null })
  expect(said).toHaveLength(1)
  for (let twice = 0; twice < 2; twice++)
    hands.told({ type: 'alarm.closed', device: 'school-02-button-01', disposition: 'false' })
  expect(said.slice(1)).toEqual([expect.stringContaining('you closed it (false)')])
  ended.abort()
  await pressing
})

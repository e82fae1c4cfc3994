import { expect, test } from 'vitest'
import { silenceMessage } from '../../gateway/alarms/silence-message.ts'
import { Registry } from '../../gateway/devices/registry.ts'
import { type RegistryFile, RegistryFile as Schema } from '../../schemas/registry.ts'
import { WebhookMessage } from '../../schemas/webhook.ts'

const now = Date.UTC(2026, 8, 1, 8, 0, 0)
const longId = (index: number) => `${'d'.repeat(60)}${index}`
const file: RegistryFile = Schema.parse({
  version: 1,
  sites: [{ id: 'school-01', name: '第'.repeat(128), kind: 'school' }],
  devices: [
    { id: 'button-1', site: 'school-01', kind: 'panic-button', name: '门卫室按钮', placement: '门卫室', secret: 's' },
    ...Array.from({ length: 300 }, (_, index) => ({
      id: longId(index),
      site: 'school-01',
      kind: 'sensor',
      secret: 's',
    })),
  ],
})
const registry = new Registry(file)
const toldOf = (report: Parameters<typeof silenceMessage>[1]) => {
  const message = silenceMessage('m-1', report, registry, now, ['centre'])
  expect(Buffer.byteLength(message.body)).toBeLessThan(20_000)
  const told = WebhookMessage.parse(JSON.parse(message.body))
  expect(told).toMatchObject({ id: 'm-1', type: message.type, subject: message.subject })
  return { message, told }
}

test.each(['silent', 'recovered'] as const)('device.%s tells the device as the registry has it', what => {
  const { message, told } = toldOf({ what, of: 'device', device: 'button-1', lastSeenAt: now - 90_000, flapping: true })
  expect(message).toMatchObject({ type: `device.${what}`, subject: 'button-1', createdAt: now, endpoints: ['centre'] })
  expect(told.data).toEqual({
    device: {
      id: 'button-1',
      name: '门卫室按钮',
      kind: 'panic-button',
      placement: '门卫室',
      site: 'school-01',
      lastSeenAt: '2026-09-01T07:58:30.000Z',
      flapping: true,
    },
  })
})

test('a device that was never heard has no time, and one without a name its id', () => {
  const { told } = toldOf({ what: 'silent', of: 'device', device: longId(7), lastSeenAt: null, flapping: false })
  expect(told.data.device).toMatchObject({ name: longId(7), placement: null, lastSeenAt: null })
})

test('a site is told with the number of its devices and the first hundred of them', () => {
  const devices = Array.from({ length: 300 }, (_, index) => longId(index))
  const { message, told } = toldOf({ what: 'silent', of: 'site', site: 'school-01', devices, flapping: false })
  expect(message).toMatchObject({ type: 'device.silent', subject: 'school-01' })
  expect(told.data.site).toEqual({
    id: 'school-01',
    name: '第'.repeat(128),
    kind: 'school',
    deviceCount: 300,
    devices: devices.slice(0, 100),
    flapping: false,
  })
})

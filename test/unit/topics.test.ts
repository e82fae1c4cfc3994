import { expect, test } from 'vitest'
import { kinds } from '../../schemas/events/kinds.ts'
import { kindOfLeaf, parseTopic, topics } from '../../schemas/topics.ts'

const address = { site: 'school-01', device: 'school-01-button-01' }

test('each topic of a device stands under its own prefix', () => {
  expect(topics.event(address, 'alarm')).toBe('gh/v1/school-01/school-01-button-01/event/alarm')
  expect(topics.heartbeat(address)).toBe('gh/v1/school-01/school-01-button-01/heartbeat')
  expect(topics.status(address)).toBe('gh/v1/school-01/school-01-button-01/status')
  expect(topics.ack(address)).toBe('gh/v1/school-01/school-01-button-01/ack')
  expect(topics.indicate(address)).toBe('gh/v1/school-01/school-01-button-01/command/indicate')
  expect(topics.commands(address)).toBe('gh/v1/school-01/school-01-button-01/command/#')
})

test('a topic that was made is parsed into the same address', () => {
  expect(parseTopic(topics.event(address, 'face'))).toEqual({ ...address, leaf: 'event/face' })
  expect(parseTopic(topics.heartbeat(address))).toEqual({ ...address, leaf: 'heartbeat' })
})

test.each([
  '',
  'gh',
  'gh/v1',
  'gh/v1/site',
  'gh/v1/site/device',
  'gh/v2/site/device/event/face',
  'GH/v1/site/device/event/face',
  '/gh/v1/site/device/event/face',
  'gh/v1//device/event/face',
  'gh/v1/site//event/face',
  'gh/v1/Site/device/event/face',
  'gh/v1/site/-device/event/face',
  'gh/v1/site/+/event/face',
  'gh/v1/site/#',
  'gh/v1/学校/device/event/face',
  `gh/v1/site/${'d'.repeat(65)}/event/face`,
  '$SYS/v1/site/device/event/face',
])('%j is no topic of a device', topic => {
  expect(parseTopic(topic)).toBeUndefined()
})

test('an id may have 64 characters', () => {
  const device = 'd'.repeat(64)
  expect(parseTopic(`gh/v1/1/${device}/status`)).toEqual({ site: '1', device, leaf: 'status' })
})

test('a device may publish each kind and nothing else', () => {
  for (const kind of kinds)
    expect(kindOfLeaf(['heartbeat', 'status'].includes(kind) ? kind : `event/${kind}`)).toBe(kind)
  for (const leaf of [
    '',
    'event',
    'event/',
    'event/heartbeat',
    'event/status',
    'event/Face',
    'event/face/',
    'event/face/more',
    'event/constructor',
    'event/__proto__',
    'event/toString',
    'heartbeat/',
    'ack',
    'command/indicate',
    'face',
  ])
    expect(kindOfLeaf(leaf), leaf).toBeUndefined()
})

test('further levels stay in the leaf, so that they fit no kind', () => {
  expect(parseTopic('gh/v1/site/device/event/face/more')?.leaf).toBe('event/face/more')
  expect(parseTopic('gh/v1/site/device/')?.leaf).toBe('')
})

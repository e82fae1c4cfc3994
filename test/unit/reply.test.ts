import { expect, test } from 'vitest'
import { readReply } from '../../gateway/webhook/reply.ts'

test.each([
  ['{"incidentNo":"JQ-1","acknowledged":true}', { incidentNo: 'JQ-1', acknowledged: true }],
  ['{"acknowledged":true,"more":1}', { acknowledged: true }],
  ['{"incidentNo":20261124,"acknowledged":true}', { incidentNo: '20261124', acknowledged: true }],
  ['{"incidentNo":null,"acknowledged":true}', { acknowledged: true }],
  [`{"incidentNo":"${'9'.repeat(65)}","acknowledged":true}`, { acknowledged: true }],
  ['\uFEFF{"incidentNo":"JQ-1"}', { incidentNo: 'JQ-1' }],
  ['{"acknowledged":"yes"}', {}],
  ['{"acknowledged":false}', {}],
  ['null', {}],
  ['"acknowledged"', {}],
  ['', {}],
  ['<html>', {}],
])('of %j this is taken: %j', (text, reply) => {
  expect(readReply(text)).toEqual(reply)
})

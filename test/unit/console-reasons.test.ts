import { expect, test } from 'vitest'
import { reasonInChinese } from '../../gateway/console/app/rejections/reason.ts'
import { admit } from '../../gateway/mqtt/admit.ts'
import { invalidPayloads } from '../helpers/invalid-payloads.ts'

/** Values and names of the contract may stand; a sentence of English may not. */
const sentence = /[a-z]{2,} [a-z]{2,} [a-z]{2,}|must|missing|expected/

test('every reason that the gateway gives is said in Chinese', () => {
  const left: string[] = []
  for (const [name, leaf, payload] of invalidPayloads) {
    const verdict = admit(leaf, Buffer.from(payload), Date.UTC(2026, 10, 24), 30 * 86_400_000)
    if (!('reason' in verdict)) throw new Error(`${name} was taken`)
    const said = reasonInChinese(verdict.reason)
    if (sentence.test(said) || !/[一-鿿]/.test(said)) left.push(`${name}: ${verdict.reason} → ${said}`)
  }
  expect(left).toEqual([])
})

test('what a reason says is kept: the field, the figures, each mistake', () => {
  expect(reasonInChinese('data.door is missing; data.score must be at most 1, is more; and 2 more')).toBe(
    'data.door 缺少；data.score 不得大于 1，超出了；另有 2 处',
  )
  expect(reasonInChinese('data.metrics: number 2 of 3 must be a number, is a text of 4 characters')).toBe(
    'data.metrics 第 2 项 须为数，实为 4 个字符的文本',
  )
  expect(reasonInChinese('the payload is not JSON: a comma or } is expected, at byte 12')).toBe(
    '不是 JSON：此处应为逗号或 }（第 12 字节）',
  )
})

test('a reason of a later gateway stays as it is', () => {
  expect(reasonInChinese('the moon is too near')).toBe('the moon is too near')
  expect(reasonInChinese('data.door is missing; the moon is too near')).toBe('data.door 缺少；the moon is too near')
})

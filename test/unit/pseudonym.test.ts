import { describe, expect, test } from 'vitest'
import { createPseudonym, maskData } from '../../gateway/journal/pseudonym.ts'

const pseudonym = createPseudonym(Buffer.from('key'))

describe('a pseudonym', () => {
  test('is the beginning of HMAC-SHA-256', () => {
    // The well-known vector: HMAC-SHA-256 of this sentence under "key" is f7bc83f430538424b13298e6aa6fb143….
    expect(pseudonym('The quick brown fox jumps over the lazy dog')).toBe('f7bc83f430538424')
  })

  test('differs by value and by key', () => {
    expect(pseudonym('晋A12345')).toBe(createPseudonym(Buffer.from('key'))('晋A12345'))
    expect(pseudonym('晋A12345')).not.toBe(pseudonym('晋A12346'))
    expect(pseudonym('晋A12345')).not.toBe(createPseudonym(Buffer.from('other'))('晋A12345'))
  })

  test('needs a key', () => {
    expect(() => createPseudonym(new Uint8Array())).toThrow(RangeError)
  })
})

describe('masked data', () => {
  test('leaves out what the kind does not have', () => {
    const payload = { id: '1', data: { trigger: 'panic', state: 'raised', mode: 'test', plate: '晋A12345', note: 'x' } }
    expect(maskData('alarm', payload, pseudonym)).toEqual({ trigger: 'panic', state: 'raised', mode: 'test' })
  })

  test('keeps that there was no plate', () => {
    const payload = { id: '1', data: { lane: 'a', direction: 'in', plate: null } }
    expect(maskData('vehicle', payload, pseudonym)).toEqual({ lane: 'a', direction: 'in', plateKey: null })
  })

  test('is refused for a payload that is not of its kind, without telling what stood in it', () => {
    const payload = { id: '1', data: { lane: 7, direction: '晋A12345', plate: 12345 } }
    expect(() => maskData('vehicle', payload, pseudonym)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('12345') }),
    )
  })
})

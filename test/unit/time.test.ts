import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTime, Time } from '../../schemas/time.ts'

test.each([
  ['2026-11-24T08:15:00.250+08:00', '2026-11-24T00:15:00.250Z'],
  ['2026-11-24T00:15:00Z', '2026-11-24T00:15:00.000Z'],
  ['2026-11-24t00:15:00z', '2026-11-24T00:15:00.000Z'],
  ['2026-11-24 00:15:00Z', '2026-11-24T00:15:00.000Z'],
  ['2026-11-24T00:15:00.2Z', '2026-11-24T00:15:00.200Z'],
  ['2026-11-24T00:15:00.1239999999Z', '2026-11-24T00:15:00.123Z'],
  ['2026-11-24T00:15:00-00:00', '2026-11-24T00:15:00.000Z'],
  ['2026-01-01T00:00:00+23:59', '2025-12-31T00:01:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2017-01-01T07:59:60.5+08:00', '2017-01-01T00:00:00.500Z'],
  ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
  ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
  ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['9999-12-31T23:59:60Z', '+010000-01-01T00:00:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(new Date(parseTime(text) ?? Number.NaN).toISOString()).toBe(expected)
  expect(Time.safeParse(text).success).toBe(true)
})

test.each([
  '',
  'now',
  '1764000000000',
  '2026-11-24',
  '2026-11-24T00:15:00', // no offset
  '2026-11-24T00:15Z',
  '2026-11-24T00:15:00+8:00',
  '2026-11-24T00:15:00+0800',
  '2026-11-24T00:15:00+08',
  '2026-11-24T00:15:00+24:00',
  '2026-11-24T00:15:00+08:60',
  '2026-11-24T00:15:00 +08:00',
  '2026-11-24T00:15:00.Z',
  '2026-11-24T00:15:00,5Z',
  '2026-11-24T24:00:00Z',
  '2026-11-24T00:60:00Z',
  '2026-11-24T00:00:61Z',
  '2026-02-30T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2100-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-13-10T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '26-11-24T00:15:00Z',
  '12026-11-24T00:15:00Z',
  '-2026-11-24T00:15:00Z',
  '2026-11-24T00:15:00Z\n',
  ' 2026-11-24T00:15:00Z',
  '٢٠٢٦-11-24T00:15:00Z',
  '2026-W48-2T00:15:00Z',
])('%j is no time', text => {
  expect(parseTime(text)).toBeUndefined()
  expect(Time.safeParse(text).success).toBe(false)
})

test('a fraction may be long, but not without end', () => {
  expect(Time.safeParse(`2026-11-24T00:15:00.${'1'.repeat(43)}Z`).success).toBe(true)
  expect(Time.safeParse(`2026-11-24T00:15:00.${'1'.repeat(44)}Z`).success).toBe(false)
})

test('any moment, said in any offset, comes back', () => {
  const moment = fc.date({
    min: new Date(-62_167_219_200_000 + 86_400_000),
    max: new Date(253_402_214_400_000),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (date, offsetMinutes) => {
      const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
      const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60]
      const two = (value: number) => String(value).padStart(2, '0')
      const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`
      expect(parseTime(local + offset)).toBe(date.getTime())
    }),
  )
})

test('every day of the calendar is taken and no other', () => {
  for (const year of [0, 1900, 2000, 2023, 2024, 2100, 2400, 9999])
    for (let month = 0; month < 12; month++)
      for (let day = 1; day <= 31; day++) {
        const date = new Date(0)
        date.setUTCFullYear(year, month, day)
        const exists = date.getUTCMonth() === month
        const text = `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`
        expect(parseTime(`${text}T00:00:00Z`), text).toBe(exists ? date.getTime() : undefined)
      }
})

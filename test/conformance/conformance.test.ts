import { expect, test } from 'vitest'
import { playAll, table } from './table.ts'

test('the broker keeps MQTT 3.1.1 in each sequence of the table', async () => {
  const played = await playAll(table)
  expect(
    played.filter(({ why }) => why !== undefined).map(({ clause, what, why }) => `${clause} ${what}: ${why}`),
  ).toEqual([])
})

test('no sequence stands in the table twice', () => {
  const names = table.map(({ clause, what }) => `${clause} ${what}`)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

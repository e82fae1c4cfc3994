import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Failure, UsageError } from '../../device-sim/arguments.ts'
import { playCommand } from '../../device-sim/play-command.ts'
import { recordCommand } from '../../device-sim/record-command.ts'
import { temporaryDirectory } from '../helpers/directory.ts'

/** What main.ts makes exit codes of: UsageError is 2, Failure 1. */
async function wrongly(command: typeof playCommand, ...argv: string[]) {
  const error = await command.run(argv).then(
    code => code,
    (error: Error) => error,
  )
  return error instanceof UsageError ? [2, error.message] : error instanceof Failure ? [1, error.message] : [error]
}

test('play: a wrong command line is 2, a file or recording with mistakes is 1, each with its mend', async () => {
  const dir = temporaryDirectory()
  const file = join(dir, 'mine.yaml')
  writeFileSync(file, 'name: mine\nabout: mine\nlasts: 90\n')
  const recording = join(dir, 'mine.jsonl')
  writeFileSync(recording, 'hello\n')
  const play = (...argv: string[]) => wrongly(playCommand, ...argv)
  expect(await play()).toEqual([2, expect.stringContaining('no day is named')])
  expect(await play('nowhere')).toEqual([2, expect.stringContaining('no day "nowhere": there is clock-skew,')])
  expect(await play('replay')).toEqual([2, expect.stringContaining('--recording FILE')])
  expect(await play('night', '--recording', recording)).toEqual([2, expect.stringContaining('add the day replay')])
  expect(await play('night', '--speed', 'fast')).toEqual([2, expect.stringContaining('--speed is "fast"')])
  expect(await play('night', '--lasts', '5')).toEqual([2, expect.stringContaining('--lasts is "5"')])
  expect(await play(file)).toEqual([1, expect.stringContaining(`${file}:3: lasts: is "90": must be a time`)])
  expect(await play('replay', '--recording', recording)).toEqual([1, expect.stringContaining(`${recording}:1: is no`)])
  expect(await play('replay', '--recording', dir)).toEqual([1, expect.stringContaining('EISDIR')])
})

test('record: the same', async () => {
  const dir = temporaryDirectory()
  const record = (...argv: string[]) => wrongly(recordCommand, ...argv)
  const wanted = ['--token', 'x', '--from', '2026-11-24T08:00:00+08:00', '--out', join(dir, 'day.jsonl')]
  expect(await record()).toEqual([2, expect.stringContaining('--token is missing')])
  expect(await record(...wanted, '--to', 'noon')).toEqual([2, expect.stringContaining('--to is "noon"')])
  expect(await record(...wanted, '--to', '2026-11-24T07:00:00+08:00')).toEqual([2, expect.stringContaining('before')])
  expect(await record(...wanted, '--out', dir)).toEqual([1, expect.stringContaining('--force')])
})

test('--help names each shipped day', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {})
  expect(await playCommand.run(['--help'])).toBe(0)
  expect(await recordCommand.run(['--help'])).toBe(0)
  const text = said.mock.calls.join('\n')
  said.mockRestore()
  for (const name of ['power-cut', 'reconnect-storm', '--recording FILE', '--token TEXT']) expect(text).toContain(name)
})

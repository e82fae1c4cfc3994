import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { audit } from '../../device-sim/audit/audit.ts'
import { auditInThread } from '../../device-sim/audit/audit-thread.ts'
import { createPartition } from '../../device-sim/audit/partition.ts'
import { openAppendFile } from '../../device-sim/book/append-file.ts'
import { openLedger, segmentsOf } from '../../device-sim/book/ledger.ts'
import { parsePublished } from '../../device-sim/book/ledger-line.ts'
import { linesOf } from '../../device-sim/book/lines.ts'
import { startPoints } from '../helpers/audited.ts'
import { temporaryDirectory } from '../helpers/directory.ts'
import { until } from '../helpers/until.ts'

const text = (path: string) => readFileSync(path, 'utf8')

test('a publish and its puback are a line each, and no person, plate or list stands in them', () => {
  const dir = temporaryDirectory()
  const ledger = openLedger(dir, () => 1_764_000_000_000)
  const event = { site: 's', device: 'd', id: 'e-1', time: '2026-11-24T16:00:00.250+08:00' }
  const data = { lane: 'l', direction: 'in', plate: '晋A12345', vehicleType: 'car', confidence: 1 } as const
  ledger.published(event, { kind: 'vehicle', data })
  ledger.pubacked('d', 'e-1')
  ledger.close()
  const [path] = segmentsOf(dir).paths
  const [published, pubacked] = text(path!).trim().split('\n')
  expect(parsePublished(published!)).toEqual({
    ...{ device: 'd', id: 'e-1', kind: 'vehicle', site: 's', atMs: 1_764_000_000_000 },
    ...{ saidMs: Date.parse('2026-11-24T08:00:00.250Z') },
    expected: { direction: 'in', plateKey: true, confidence: 1 },
  })
  expect(pubacked).toBe('A d e-1 1764000000000')
  expect(text(path!)).not.toContain('晋A')
})

test('what was flushed survives a SIGKILL of the simulator', async () => {
  const dir = temporaryDirectory()
  const script = `
    const { openLedger } = await import(${JSON.stringify(new URL('../../device-sim/book/ledger.ts', import.meta.url).href)})
    const ledger = openLedger(${JSON.stringify(dir)}, () => 1)
    for (let n = 0; n < 1000; n++) ledger.pubacked('device', 'e-' + n)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const lines = () => readdirSync(dir).flatMap(name => text(join(dir, name)).split('\n').slice(0, -1))
  await until(() => lines().length === 1000, 'the flush that comes each second')
  child.kill('SIGKILL')
  await ended
  expect(lines().at(-1)).toBe('A device e-999 1')
})

test('a line that its writer was killed in is lost, and the next one is not', () => {
  const path = join(temporaryDirectory(), 'book')
  writeFileSync(path, 'one\ntwo\nthr')
  let torn = 0
  expect([...linesOf(path, () => torn++)]).toEqual(['one', 'two'])
  expect(torn).toBe(1)
  const file = openAppendFile(path, { atOnce: true })
  file.add('four')
  expect([...linesOf(path)]).toEqual(['one', 'two', 'thr', 'four'])
  file.close()
})

test('lines longer than a chunk and characters on its edge come whole', () => {
  const path = join(temporaryDirectory(), 'long')
  const lines = ['东'.repeat(100_000), '', `x${'门'.repeat(100_000)}`, 'end']
  appendFileSync(path, `${lines.join('\n')}\n`)
  expect([...linesOf(path)]).toEqual(lines)
})

test('a partition brings the lines of a key together in their order, and spreads a bucket that is too large again', () => {
  const dir = join(temporaryDirectory(), 'scratch')
  const partition = createPartition(dir, 1)
  const filler = 'x'.repeat(2000)
  for (let round = 0; round < 2; round++)
    for (let n = 0; n < 3000; n++) partition.add(`M device e-${n} ${round} ${filler}`)
  const seen = new Map<string, string[]>()
  let groups = 0
  for (const lines of partition.groups()) {
    groups += 1
    const here = new Map<string, string[]>()
    for (const line of lines) {
      const [, , id, round] = line.split(' ') as [string, string, string, string]
      here.set(id, [...(here.get(id) ?? []), round])
    }
    for (const [id, rounds] of here) {
      expect(seen.has(id)).toBe(false)
      seen.set(id, rounds)
    }
  }
  expect(groups).toBeGreaterThan(1)
  expect(seen.size).toBe(3000)
  expect([...seen.values()].every(rounds => rounds.join() === '0,1')).toBe(true)
  expect(() => readdirSync(dir)).toThrow(/ENOENT/)
})

test('points are read page by page, also where many share a moment', async () => {
  const dir = temporaryDirectory()
  const ledger = openLedger(dir, () => Date.parse('2026-11-24T08:00:00Z'))
  const count = 12_000
  const points = Array.from({ length: count }, (_, n) => ({
    // A doctored InfluxDB: what a gateway writes never shares a nanosecond, what others write may.
    time: n < 7000 ? '2026-11-24T08:00:00.000000001Z' : `2026-11-24T08:00:01.${String(n).padStart(9, '0')}Z`,
    ...{ id: `e-${n}`, device: 'd', site: 's', count: 1, seq: 1, t: 1, timeSource: 'gateway' },
  }))
  for (let n = 0; n < count; n++) {
    ledger.published(
      { site: 's', device: 'd', id: `e-${n}`, time: undefined },
      { kind: 'telemetry', data: { metrics: { t: 1 } } },
    )
    ledger.pubacked('d', `e-${n}`)
  }
  ledger.close()
  const influx = await startPoints(() => points)
  const report = await audit({
    ...{ ledger: dir, influx: { url: influx.url, database: 'g' } },
    ...{ lateAfterMs: 1, outages: [], settledMs: Number.POSITIVE_INFINITY },
  })
  expect(report.influx).toMatchObject({
    points: count,
    lost: { count: 0 },
    doubled: { count: 0 },
    altered: { count: 0 },
  })
  expect(influx.queries).toHaveLength(3)
})

/** By hand a million: `GATEHOUSE_TEST_LEDGER_LINES=1000000`. */
const manyLines = Number(process.env.GATEHOUSE_TEST_LEDGER_LINES ?? 100_000)

test(`a ledger of ${manyLines} lines is audited in bounded memory`, { timeout: 120_000 }, async () => {
  const dir = temporaryDirectory()
  const devices = 100
  const expected = JSON.stringify({ door: '东门', direction: 'in', method: 'card', result: 'granted' })
  const file = openAppendFile(join(dir, '1-1-00001.ledger'), { atOnce: false })
  for (let n = 0; n < manyLines / 2; n++) {
    const event = `door-${n % devices} mabc-${Math.floor(n / devices)}`
    file.add(`P ${event} access school-01 1764000000000 - ${expected}`)
    file.add(`A ${event} 1764000000005`)
  }
  file.close()
  // Held at once, as objects, they would take more than this heap: its thread would end, and the audit with it.
  const memory = { maxOldGenerationSizeMb: 28, maxYoungGenerationSizeMb: 4 }
  const report = await auditInThread({ ledger: dir, lateAfterMs: 1, outages: [], settledMs: 0 }, memory)
  expect(report.ledger).toMatchObject({ published: manyLines / 2, pubacked: manyLines / 2, devices })
})

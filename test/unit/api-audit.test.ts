import { describe, expect, test } from 'vitest'
import { type AuditLine, chain, emptyHead } from '../../gateway/audit/line.ts'
import { OperationalError } from '../../gateway/errors.ts'
import { AuditPage } from '../../schemas/audit.ts'
import { entries, entry, startApi } from './api-world.ts'

const admin = { authorization: 'Bearer token-of-admin' }
const [vehicle] = entries.filter(({ kind, payload }) => kind === 'vehicle' && payload.includes('晋A12345'))
const seq = vehicle?.seq as number
const found = (one = vehicle) => ({ events: async () => ({ entries: one === undefined ? [] : [one], next: null }) })

describe('an event that is read unmasked', () => {
  test('is answered as the device said it, once its line is on disk, and may not be kept', async () => {
    const written: Omit<AuditLine, 'at'>[] = []
    let write = () => {}
    const gate = new Promise<void>(resolve => {
      write = resolve
    })
    const { post } = await startApi({
      events: found(),
      auditing: {
        async write(line) {
          written.push(line)
          await gate
        },
      },
    })
    let isAnswered = false
    const answer = post(`events/${seq}/unmask`, { reason: '案件 2026-77' }, admin).then(answered => {
      isAnswered = true
      return answered
    })
    while (written.length === 0) await new Promise(resolve => setImmediate(resolve))
    for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    write()
    const { status, json, headers } = await answer
    expect([status, json.seq, json.data]).toEqual([
      200,
      seq,
      { lane: 'in-1', direction: 'in', plate: '晋A12345', unheardOf: '晋A12345' },
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(written).toEqual([
      {
        by: 'some admin',
        what: 'event.unmasked',
        subject: String(seq),
        details: { site: 'school-01', device: 'school-01-gate-01', kind: 'vehicle', reason: '案件 2026-77' },
      },
    ])
  })

  test('is not answered when its line can not be written', async () => {
    const full = new OperationalError('sqlite-13', 'database or disk is full', { retryable: true })
    const { post } = await startApi({ events: found(), auditing: { write: () => Promise.reject(full) } })
    const { status, text } = await post(`events/${seq}/unmask`, { reason: 'case 7' }, admin)
    expect(status).toBe(503)
    expect(text).not.toContain('A12345')
  })

  test('needs a reason that does not name whom it is about; nothing is read or written without', async () => {
    let written = 0
    const { post } = await startApi({ events: found(), auditing: { write: async () => void written++ } })
    for (const body of [{}, { reason: '' }, { reason: '  ' }, { reason: 'x'.repeat(201) }, { reason: 7 }, undefined])
      expect((await post(`events/${seq}/unmask`, body, admin)).status).toBe(400)
    const { status, text } = await post(`events/${seq}/unmask`, { reason: 'looking for 晋A12345' }, admin)
    expect([status, text.includes('A12345')]).toEqual([400, false])
    expect(written).toBe(0)
  })

  test('that is not there is 404, and leaves no line', async () => {
    let written = 0
    const { post } = await startApi({ events: found(undefined), auditing: { write: async () => void written++ } })
    expect((await post('events/999/unmask', { reason: 'case 7' }, admin)).status).toBe(404)
    // The list's newest below 999 is another one.
    const other = await startApi({
      events: found(entry('heartbeat', { battery: 1 }, { seq: 7 })),
      auditing: { write: async () => void written++ },
    })
    expect((await other.post('events/999/unmask', { reason: 'case 7' }, admin)).status).toBe(404)
    expect(written).toBe(0)
  })
})

describe('erasing', () => {
  test('takes what it is about from the body, and repeats it nowhere', async () => {
    const asked: unknown[] = []
    const { post, logged } = await startApi({
      async erase(request) {
        asked.push(request)
        return { entries: 2, rejections: 1, left: 0, pseudonyms: [{ version: 1, pseudonym: 'ab' }], logEmptied: true }
      },
    })
    const { status, json, text } = await post('erase', { ref: 'person-4711', reason: 'request 12' }, admin)
    expect([status, json.entries]).toEqual([200, 2])
    expect(asked).toEqual([{ subject: { ref: 'person-4711' }, reason: 'request 12', caller: 'some admin' }])
    expect(text + JSON.stringify(logged)).not.toContain('4711')
    await post('erase', { plate: '晋A12345', reason: 'request 12' }, admin)
    expect(asked[1]).toMatchObject({ subject: { plate: '晋A12345' } })
  })

  test('of both, of nothing, or with a reason that names it, is refused', async () => {
    const { post } = await startApi()
    for (const body of [
      { ref: 'r', plate: 'p', reason: 'x' },
      { reason: 'x' },
      { ref: 'r' },
      { ref: '', reason: 'x' },
      { ref: 'person-4711', reason: 'person-4711 asked for it' },
    ]) {
      const { status, text } = await post('erase', body, admin)
      expect([status, text.includes('4711')]).toEqual([400, false])
    }
  })

  test('is done one at a time', async () => {
    let end = () => {}
    const gate = new Promise<void>(resolve => {
      end = resolve
    })
    let begun = 0
    const { post } = await startApi({
      async erase() {
        begun++
        await gate
        return { entries: 0, rejections: 0, left: 0, pseudonyms: [], logEmptied: true }
      },
    })
    const first = post('erase', { ref: 'r', reason: 'x' }, admin)
    while (begun === 0) await new Promise(resolve => setImmediate(resolve))
    expect((await post('erase', { ref: 'r2', reason: 'x' }, admin)).status).toBe(409)
    end()
    expect((await first).status).toBe(200)
    expect((await post('erase', { ref: 'r2', reason: 'x' }, admin)).status).toBe(200)
  })
})

test('the audit log is a list like the others, for admins', async () => {
  const line = chain(emptyHead, { at: 5, by: 'some admin', what: 'event.unmasked', subject: '7', details: { a: 1 } })
  const asked: unknown[] = []
  const { ask } = await startApi({
    audit: {
      async audit(query) {
        asked.push(query)
        return { items: [line], next: 1 }
      },
    },
  })
  const from = '2026-11-24T08:00:00%2B08:00'
  const { status, json } = await ask(`/api/v1/audit?what=event&limit=1&from=${from}`, { headers: admin })
  expect(status).toBe(200)
  const { items, cursor } = AuditPage.parse(json)
  expect(items).toEqual([
    {
      n: 1,
      at: '1970-01-01T00:00:00.005Z',
      by: 'some admin',
      what: 'event.unmasked',
      subject: '7',
      details: { a: 1 },
      hash: line.hash,
    },
  ])
  await ask(`/api/v1/audit?cursor=${cursor}`, { headers: admin })
  expect(asked).toEqual([
    { what: 'event', limit: 1, fromMs: Date.parse('2026-11-24T00:00:00Z'), toMs: undefined },
    { limit: 100, cursor: 1, fromMs: undefined, toMs: undefined },
  ])
  for (const wrong of ['what=A.b', 'what=alarm.', 'from=yesterday', 'who=x'])
    expect((await ask(`/api/v1/audit?${wrong}`, { headers: admin })).status).toBe(400)
})

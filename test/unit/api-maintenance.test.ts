import { expect, test } from 'vitest'
import { Maintenance } from '../../gateway/devices/maintenance.ts'
import { at, startApi } from './api-world.ts'

/** On the real windows, over a disk that takes everything. */
async function startMaintaining() {
  const windows = new Maintenance([])
  let now = at
  const world = await startApi({
    clock: () => now,
    maintenance: {
      begin: async window => windows.begin(window),
      end: async id => {
        windows.end(id, now)
        return true
      },
      openAt: windows.openAt,
    },
  })
  const remove = (id: string) =>
    world.ask(`/api/v1/maintenance/${id}`, { method: 'DELETE', ...world.as('token-of-dispatcher') })
  const later = (minutes: number) => {
    now += minutes * 60_000
  }
  return { ...world, windows, remove, later }
}

test('a window is there for 30 minutes where nothing else was said, and then it is not', async () => {
  const { post, get, windows, later } = await startMaintaining()
  const { status, json } = await post('maintenance', { site: 'school-01', by: '张', note: '换电池' })
  const view = {
    id: 'id-1',
    site: 'school-01',
    device: null,
    from: '2026-11-24T00:15:00.250Z',
    until: '2026-11-24T00:45:00.250Z',
    by: '张',
    note: '换电池',
  }
  expect([status, json]).toEqual([201, view])
  expect(windows.covers('school-01', 'any', at)).toBe(true)
  expect((await get('maintenance')).json).toEqual({ items: [view] })
  later(30)
  expect((await get('maintenance')).json).toEqual({ items: [] })
})

test('it can be ended before its time, once', async () => {
  const { post, get, remove, later } = await startMaintaining()
  await post('maintenance', { device: 'school-01-button-01', minutes: 60, by: '张' })
  later(5)
  const ended = await remove('id-1')
  expect([ended.status, ended.json.until]).toEqual([200, '2026-11-24T00:20:00.250Z'])
  expect((await get('maintenance')).json.items).toEqual([])
  expect((await remove('id-1')).status).toBe(404)
})

test.each([
  [{ site: 'school-77', by: '张' }, 404],
  [{ device: 'school-77-button-01', by: '张' }, 404],
  [{ by: '张' }, 400],
  [{ site: 'school-01', device: 'school-01-button-01', by: '张' }, 400],
  [{ site: 'school-01', minutes: 1441, by: '张' }, 400],
  [{ site: 'school-01' }, 400],
])('%j is %i', async (body, wanted) => {
  const { post, windows } = await startMaintaining()
  expect((await post('maintenance', body)).status).toBe(wanted)
  expect(windows.openAt(at)).toEqual([])
})

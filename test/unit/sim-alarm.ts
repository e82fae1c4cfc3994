import type { Alarm } from '../../schemas/alarm.ts'

/** An alarm as the simulator's tests need one. */
export const simAlarm = (change: Partial<Alarm> & { at?: string } = {}): Alarm => {
  const { at: device = 'school-01-button-01', ...rest } = change
  return {
    id: 'alarm-1',
    trigger: 'panic',
    mode: 'actual',
    stage: 'raised',
    escalationLevel: 0,
    pressCount: 1,
    restoredAt: null,
    raisedAt: '2026-11-24T08:00:00.000+08:00',
    receivedAt: '2026-11-24T00:00:00.005Z',
    incidentNo: null,
    disposition: null,
    maintenance: false,
    deadlines: {},
    history: [{ at: '2026-11-24T00:00:00.005Z', what: 'raised', stage: 'raised' }],
    site: {
      id: 'school-01',
      name: '第一小学',
      kind: 'school',
      address: null,
      location: null,
      responseMinutes: 3,
      contacts: [],
    },
    device: { id: device, name: '门卫室按钮', kind: 'panic-button', placement: '门卫室' },
    context: { recent: [] },
    neighbours: [],
    ...rest,
  }
}

import { inBoth } from './words.ts'

const zhUnits: Record<string, string> = { m: '分钟', h: '小时', d: '天' }
const enUnits: Record<string, string> = { m: 'min', h: 'h', d: 'days' }

export const rangeWords = inBoth(
  {
    time: '时间',
    last: (last: string) => `最近 ${last.slice(0, -1)} ${zhUnits[last.slice(-1)]}`,
    from: '从',
    to: '到（空 = 现在）',
    now: '现在',
    apply: '查看',
    wrongOrder: '起始时间须早于结束时间。',
  },
  {
    time: 'Time',
    last: (last: string) => `last ${last.slice(0, -1)} ${enUnits[last.slice(-1)]}`,
    from: 'From',
    to: 'To (empty: now)',
    now: 'now',
    apply: 'Show',
    wrongOrder: 'The beginning must be before the end.',
  },
)

import { inBoth } from './words.ts'

export const partWords = inBoth(
  {
    newest: '最新',
    older: '更早',
    shown: (count: number) => `本页 ${count} 条`,
    unreachable: '网关没有应答。',
    again: '重试',
    all: '全部',
    loading: '读取中…',
  },
  {
    newest: 'Newest',
    older: 'Older',
    shown: (count: number) => `${count} on this page`,
    unreachable: 'The gateway does not answer.',
    again: 'Try again',
    all: 'all',
    loading: 'reading…',
  },
)

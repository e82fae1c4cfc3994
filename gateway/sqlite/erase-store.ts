import type { EraseStore } from '../journal/erasing.ts'
import type { Database } from './database.ts'

/** Found by the thread that answers lists, written by the one that writes, slice by slice between the publishes. */
export const eraseStore = ({ lists, write, emptyLog }: Database): EraseStore => ({
  entries: query => lists.call('eraseEntries', query),
  rejections: subject => lists.call('eraseRejections', subject),
  rewrite: slice => write.call('rewriteErased', slice),
  emptyLog,
  audit: line => write.call('audit', [line]),
})

import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { type EventPages, eventPages } from './event-pages.ts'
import { linesBackwards } from './lines-backwards.ts'
import { type RecordingHeader, recordedLine } from './recorded.ts'

export type RecordOptions = EventPages & {
  out: string
  /** So many events so far, the oldest of them received at. */
  onProgress: (events: number, oldest: string) => void
}
export type RecordedFile = { events: number; devices: number; leftOut: number }

/**
 * Writes a recording. The API gives the newest first and a recording begins with the oldest, so it goes through a file beside
 * `out` that is then read backwards: memory stays bounded however long the time. Nothing is left behind, and undefined is the
 * answer, when it is stopped. Throws Failure.
 */
export async function record(options: RecordOptions): Promise<RecordedFile | undefined> {
  const newestFirst = `${options.out}.${process.pid}.newest-first`
  const unfinished = `${options.out}.${process.pid}.unfinished`
  const opened: FileHandle[] = []
  const create = async (path: string) => {
    const file = await open(path, 'wx+', 0o600)
    opened.push(file)
    return file
  }
  try {
    const backwards = await create(newestFirst)
    const gathered = await gather(options, backwards)
    if (gathered === undefined) return undefined
    const { header, leftOut } = gathered
    const forwards = await create(unfinished)
    await forwards.appendFile(`${JSON.stringify(header)}\n`)
    for await (const lines of linesBackwards(backwards)) {
      if (options.stopped.aborted) return undefined
      if (lines.length > 0) await forwards.appendFile(`${lines.join('\n')}\n`)
    }
    await forwards.sync()
    await rename(unfinished, options.out)
    return { events: header.events, devices: header.devices.length, leftOut }
  } finally {
    for (const file of opened) await file.close()
    for (const path of [newestFirst, unfinished]) await rm(path, { force: true })
  }
}

async function gather(options: RecordOptions, file: FileHandle) {
  const devices = new Set<string>()
  let events = 0
  let leftOut = 0
  let [firstAt, lastAt]: (string | undefined)[] = []
  for await (const views of eventPages(options)) {
    let text = ''
    for (const view of views) {
      const line = recordedLine(view)
      if (line === undefined) {
        if (view.id !== null) leftOut += 1 // heartbeats and status have none, and are none that anybody misses
        continue
      }
      text += `${line}\n`
      events += 1
      devices.add(view.device)
      lastAt ??= view.receivedAt
      firstAt = view.receivedAt
    }
    await file.appendFile(text)
    const oldest = views.at(-1)?.receivedAt
    if (oldest !== undefined) options.onProgress(events, oldest)
  }
  if (options.stopped.aborted) return undefined
  const { from, to } = options
  const header: RecordingHeader = {
    ...{ recording: 1, from, to, events },
    ...(firstAt !== undefined && lastAt !== undefined && { firstAt, lastAt }),
    devices: [...devices].sort(),
  }
  return { header, leftOut }
}

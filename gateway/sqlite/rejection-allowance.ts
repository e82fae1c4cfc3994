/** Of one device in one minute; what comes beyond is counted, and its device told, but not kept. */
const perMinute = { count: 500, bytes: 4 * 1024 * 1024 }
const minuteMs = 60_000

/** Which rejections are kept. By device, so bounded by the registry; since the start, as a restart is no minute's work. */
export function allowanceFor(limits = perMinute): (device: string, bytes: number, now: number) => boolean {
  const used = new Map<string, { minute: number; count: number; bytes: number }>()
  return (device, bytes, now) => {
    const minute = Math.floor(now / minuteMs)
    let own = used.get(device)
    if (own === undefined) {
      own = { minute, count: 0, bytes: 0 }
      used.set(device, own)
    } else if (own.minute !== minute) {
      own.minute = minute
      own.count = 0
      own.bytes = 0
    }
    if (own.count >= limits.count || own.bytes >= limits.bytes) return false
    own.count++
    own.bytes += bytes
    return true
  }
}

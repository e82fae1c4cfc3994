/** Topic filters of MQTT 3.1.1, section 4.7. aedes grants filters that break its grammar. */
const slash = 0x2f
const plus = 0x2b
const hash = 0x23
const dollar = 0x24

/** At least one character [MQTT-4.7.3-1]; `#` only as the last level [MQTT-4.7.1-2]; `#` and `+` only as a whole level [MQTT-4.7.1-3]. */
export const isFilter = (filter: string): boolean =>
  filter !== '' &&
  filter
    .split('/')
    .every((level, index, levels) =>
      level.includes('#') ? level === '#' && index === levels.length - 1 : !level.includes('+') || level === '+',
    )

/** A topic that may be published on: at least one character, and no wildcard [MQTT-4.7.3-1] [MQTT-3.3.2-2]. */
export const isTopicName = (topic: string): boolean => topic !== '' && !/[+#]/.test(topic)

/** `$SYS` topics are aedes' own, for other brokers: they name who is connected, and a forged one disconnects clients. */
export const isBrokersOwn = (topic: string): boolean =>
  topic.charCodeAt(0) === dollar && (topic === '$SYS' || topic.startsWith('$SYS/'))

/** Whether a filter of good grammar matches a topic. Without allocation: it is asked for each message and wildcard. */
export function matches(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0)
  // [MQTT-4.7.2-1] A wildcard at the beginning matches no topic that begins with $.
  if (topic.charCodeAt(0) === dollar && (first === plus || first === hash)) return false
  let at = 0
  for (let index = 0; index < filter.length; index++) {
    const code = filter.charCodeAt(index)
    if (code === hash) return true
    if (code === plus) while (at < topic.length && topic.charCodeAt(at) !== slash) at++
    else if (at < topic.length && topic.charCodeAt(at) === code) at++
    // `sport/#` matches `sport` too (section 4.7.1.2).
    else return at === topic.length && code === slash && filter.charCodeAt(index + 1) === hash
  }
  return at === topic.length
}

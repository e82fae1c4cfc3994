import { isUtf8 } from 'node:buffer'

/**
 * The characters that a topic, an id or a user name may hold. U+0000 must not be there [MQTT-1.5.3-2]. Control characters and
 * non-characters may end the connection (section 1.5.3), and do: they are of no use in a name, and break logs and terminals.
 * U+FFFD is what a decoder puts in the place of bytes that are no UTF-8, so where it stands the bytes decide.
 */
const doubtful = /[^ -~\u00a0-\ufdcf\ufdf0-\ufffc]/
const forbidden = /[^ -~\u00a0-\ufdcf\ufdf0-\ufffd]/

/** Whether the text is worth a look at its bytes; of those that devices use in earnest none is. */
export const isDoubtful = (text: string): boolean => doubtful.test(text)

/** Why a doubtful text can't be taken, or undefined. `bytes`: as it came. */
export function mistakeInText(text: string, bytes: Uint8Array): string | undefined {
  // [MQTT-1.5.3-1]; a surrogate that is encoded by itself (ED A0 80 and on) is ill-formed too.
  if (!isUtf8(bytes)) return 'a text is not UTF-8 [MQTT-1.5.3-1]'
  return forbidden.test(text) ? 'a control character in a text [MQTT-1.5.3-2]' : undefined
}

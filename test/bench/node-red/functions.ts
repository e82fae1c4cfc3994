/**
 * The function nodes of the flow, as one would type them into the editor; flow.ts takes the text between their outermost
 * braces. They may use nothing but their arguments and JavaScript itself.
 */
export type Message = { topic: string; payload: unknown; headers?: Record<string, string> }
export type FunctionNode = { send(message: unknown): void; warn(text: string): void }
export type Context = { get(key: string): unknown; set(key: string, value: unknown): void }
type Parameters = { site: string; device: string; data: Record<string, string> }

/**
 * Checks what the device said (the two kinds that the benchmark sends) and makes a line of InfluxDB's protocol of it, with
 * the tags and fields of contract 4. First output: the line, second: an alarm.
 */
export function validate(msg: Message, node: FunctionNode): unknown {
  const [, , site, device, , kind] = msg.topic.split('/')
  const event = msg.payload as Record<string, never> & { data: Parameters['data'] & { person?: Parameters['data'] } }
  const { id, time, seq, data } = event
  const now = Date.now()
  const at = time === undefined ? now : Date.parse(time)
  const refuse = (why: string) => {
    node.warn(`${msg.topic}: ${why}`)
    return null
  }
  if (typeof id !== 'string' || !/^[A-Za-z0-9._:-]{1,64}$/.test(id)) return refuse('id')
  if (Number.isNaN(at)) return refuse('time')
  if (seq !== undefined && !(Number.isSafeInteger(seq) && seq >= 0)) return refuse('seq')
  if (typeof data !== 'object' || data === null) return refuse('data')
  const tag = (text: string) => text.replace(/[,= ]/g, '\\$&')
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
  // Two events of a device in one millisecond must not be one point.
  const stamp = String(at) + String((seq ?? 0) % 1_000_000).padStart(6, '0')
  const tags = `site=${site},siteKind=school,device=${device}`
  const fields = `id="${id}",seq=${seq ?? 0}i,count=1i,lagMs=${now - at}i`

  if (kind === 'access') {
    const { door, direction, method, result, person } = data
    if (typeof door !== 'string' || door.length < 1 || door.length > 64) return refuse('door')
    if (direction !== 'in' && direction !== 'out') return refuse('direction')
    if (!/^(card|face|fingerprint|qr|pin|phone|remote|button|key)$/.test(method as string)) return refuse('method')
    if (result !== 'granted' && result !== 'denied') return refuse('result')
    let who = ''
    if (person !== undefined) {
      const { ref, role } = person
      if (typeof ref !== 'string' || ref.length < 1 || ref.length > 64) return refuse('person.ref')
      if (!/^(resident|staff|student|visitor|delivery|unknown)$/.test(role as string)) return refuse('person.role')
      who = `,personRef=${quoted(ref)},personRole="${role}"`
    }
    msg.payload = `access,${tags},door=${tag(door)},direction=${direction},method=${method},result=${result} ${fields}${who} ${stamp}`
    return [msg, null]
  }
  if (kind === 'alarm') {
    const { trigger, state, mode } = data
    if (!/^(panic|duress|intrusion|forced-door|door-held|tamper|fire|medical|fault)$/.test(trigger as string))
      return refuse('trigger')
    if (state !== 'raised' && state !== 'restored') return refuse('state')
    if (!/^(actual|drill|test)$/.test(mode as string)) return refuse('mode')
    const line = `alarm,${tags},trigger=${trigger},state=${state},mode=${mode} ${fields} ${stamp}`
    const alarm = { site, device, id, trigger, mode, at: new Date(at).toISOString() }
    return [{ payload: line }, state === 'raised' ? { payload: alarm } : null]
  }
  return refuse('kind')
}

/** Gathers lines: written when there are 5,000 of them, or every 200 ms (`everySoOften`). */
export function batch(msg: Message, context: Context): unknown {
  const lines = context.get('lines') as unknown[]
  lines.push(msg.payload)
  if (lines.length < 5000) return null
  context.set('lines', [])
  msg.payload = lines.join('\n')
  return msg
}

/** "On start" of the batch. */
export function everySoOften(node: FunctionNode, context: Context): void {
  context.set('lines', [])
  setInterval(() => {
    const lines = context.get('lines') as unknown[]
    if (lines.length === 0) return
    context.set('lines', [])
    node.send({ payload: lines.join('\n') })
  }, 200)
}

/** An alarm as the webhook's body (contract 5), without history, deadlines, context and signature. */
export function webhook(msg: Message): unknown {
  const { site, device, id, trigger, mode, at } = msg.payload as Record<string, string>
  msg.headers = { 'content-type': 'application/cloudevents+json', 'webhook-id': `${device}-${id}` }
  msg.payload = {
    specversion: '1.0',
    id: `${device}-${id}`,
    source: '/node-red',
    type: 'alarm.raised',
    time: at,
    subject: device,
    data: {
      alarm: { trigger, mode, stage: 'raised', site: { id: site }, device: { id: device }, history: [{ eventId: id }] },
    },
  }
  return msg
}

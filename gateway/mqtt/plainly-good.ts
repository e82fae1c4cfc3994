import { Person } from '../../schemas/envelope.ts'
import { Access } from '../../schemas/events/access.ts'
import { modes, triggers } from '../../schemas/events/alarm.ts'
import { Face } from '../../schemas/events/face.ts'
import type { Kind } from '../../schemas/events/kinds.ts'
import { Vehicle } from '../../schemas/events/vehicle.ts'
import { usualTime } from '../../schemas/time.ts'

/**
 * Whether a payload is as good as nearly every one is: all that the schema wants, told by comparisons alone, in a tenth of the
 * time that the schema takes. `false` says nothing: then the schema decides, and says why. `true` is never said of what the schema
 * would refuse; test/unit/plainly-good.test.ts proves it on what fast-check makes of every field.
 */
type Fields = Record<string, unknown>
type Check = (fields: Fields) => boolean

export function plainlyGood(kind: Kind, value: Fields): boolean {
  const check = checks[kind]
  if (check === undefined) return false
  const { id, time, seq, buffered, data } = value
  return (
    typeof id === 'string' &&
    id.length <= 64 &&
    /^[A-Za-z0-9._:-]+$/.test(id) &&
    (time === undefined || (typeof time === 'string' && usualTime(time) !== undefined)) &&
    (seq === undefined || (Number.isSafeInteger(seq) && (seq as number) >= 0)) &&
    (buffered === undefined || typeof buffered === 'boolean') &&
    typeof data === 'object' &&
    data !== null &&
    !Array.isArray(data) &&
    check(data as Fields)
  )
}

const oneOf = (options: readonly string[]) => {
  const known = new Set<unknown>(options)
  return (value: unknown) => known.has(value)
}
/** In UTF-16 units, so a text with characters beyond the basic plane may be left to the schema, which counts them as one. */
const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length <= max
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
const isName = (value: unknown): boolean => isText(value, 64) && value !== '' && !/[\u0000-\u001f\u007f]/.test(value)
const isShare = (value: unknown, max: number): boolean => typeof value === 'number' && value >= 0 && value <= max

const roles = oneOf(Person.shape.role.options)
const isPerson = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { ref, role } = value as Fields
  return isText(ref, 64) && ref !== '' && roles(role)
}

const access = Access.shape.data.shape
const face = Face.shape.data.shape
const vehicle = Vehicle.shape.data.shape
const [accessDirections, methods, results] = [access.direction, access.method, access.result].map(({ options }) =>
  oneOf(options),
) as [Is, Is, Is]
const matches = oneOf(face.match.options)
const vehicleDirections = oneOf(vehicle.direction.options)
const plateColors = oneOf(vehicle.plateColor.unwrap().options)
const [isTrigger, isMode] = [oneOf(triggers), oneOf(modes)]
type Is = (value: unknown) => boolean

/** Heartbeat and status are small enough for the schema, pictures' addresses are left to it. */
const checks: Partial<Record<Kind, Check>> = {
  access: ({ door, direction, method, result, reason, person }) =>
    isName(door) &&
    accessDirections(direction) &&
    methods(method) &&
    results(result) &&
    (reason === undefined || isText(reason, 128)) &&
    (person === undefined || isPerson(person)),
  face: ({ camera, match, list, score, person, image }) =>
    isName(camera) &&
    matches(match) &&
    (list === undefined || isText(list, 64)) &&
    (score === undefined || isShare(score, 1)) &&
    (person === undefined || isPerson(person)) &&
    image === undefined,
  vehicle: ({ lane, direction, plate, plateColor, vehicleType, speedKmh, confidence, image }) =>
    isName(lane) &&
    vehicleDirections(direction) &&
    (plate === null || isText(plate, 16)) &&
    (plateColor === undefined || plateColors(plateColor)) &&
    (vehicleType === undefined || isText(vehicleType, 32)) &&
    (speedKmh === undefined || isShare(speedKmh, 400)) &&
    (confidence === undefined || isShare(confidence, 1)) &&
    image === undefined,
  alarm: ({ trigger, state, mode, note }) =>
    isTrigger(trigger) &&
    (state === 'raised' || state === 'restored') &&
    isMode(mode) &&
    (note === undefined || isText(note, 256)),
  telemetry: ({ metrics }) => {
    if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) return false
    const names = Object.keys(metrics)
    return (
      names.length >= 1 &&
      names.length <= 32 &&
      names.every(name => /^[a-z][A-Za-z0-9_]{0,31}$/.test(name) && Number.isFinite((metrics as Fields)[name]))
    )
  },
}

import { type Command, readArguments, UsageError } from './arguments.ts'
import { type Chosen, chosen, edit, type Made, show, takenOver } from './edit.ts'
import type { RegistryText } from './registry-text.ts'
import { hashOf, makeSecret } from './secret.ts'

const help = `npm run registry -- rotate ID… | --site SITE [--secrets FILE]      begins: both secrets count
npm run registry -- rotate ID… | --site SITE --finish              ends: only the new one counts
npm run registry -- rotate ID… | --site SITE --now [--secrets FILE]   a secret is known to others

A device keeps working with its old secret until it has the new one: rotate, put the new secret into the device, and finish
once it has connected with it (GET /api/v1/devices: "rotation": "done"). --now ends the old secret at once: the gateway cuts whoever
is connected with it at its next reload, and the device is locked out until it has the new one.

  --again          a rotation is under way and its new secret was lost: another one instead; the old one goes on counting
  --secrets FILE   write the secrets there (a new file, mode 0600) instead of showing them`

export const rotate: Command = {
  summary: 'another secret for devices and accounts',
  help,
  run(argv, { registryFile, say }) {
    const given = readArguments(argv, {
      site: { type: 'string' },
      now: { type: 'boolean', default: false },
      finish: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
      secrets: { type: 'string' },
    })
    if (given === undefined) return say(help)
    const { values, positionals } = given
    const { file = registryFile, site, now, finish, again, secrets } = values
    if ([now, finish, again].filter(Boolean).length > 1)
      throw new UsageError('--now, --finish and --again are three ways: one at a time')
    const done: string[] = []
    const made = edit(
      file,
      registry => {
        const all = chosen(registry, positionals, site)
        if (finish) return finishAll(registry, all, positionals, done)
        return all.map(one => {
          done.push(one.id)
          return now ? replaceNow(registry, one) : begin(registry, one, again)
        })
      },
      secrets,
    )
    say(
      `${file}: ${done.length === 0 ? 'no rotation is under way' : `${done.join(', ')}: ${said(now, finish)}`}. ${takenOver}`,
    )
    show(made, secrets, say)
  },
}

const said = (now: boolean, finish: boolean): string =>
  finish
    ? 'only the new secret counts'
    : now
      ? 'the old secret counts no more; the device needs the new one to connect'
      : 'a new secret, and the old one counts until rotate --finish'

function begin(registry: RegistryText, { list, id, fields }: Chosen, again: boolean): Made {
  const { secret, hash } = makeSecret()
  if (fields.previousSecretHash !== undefined) {
    // Which of the two the device has is not known here: the one shown last is the one that may have been lost.
    if (!again)
      throw new UsageError(
        `a rotation of ${id} is under way. Has the device its new secret: --finish. Was that one lost: --again. Is one known to others: --now`,
      )
    registry.change(list, id, { secretHash: hash })
  } else if (typeof fields.secret === 'string') {
    const old = hashOf(fields.secret)
    registry.exchange(list, id, 'secret', 'secretHash', hash)
    registry.change(list, id, { previousSecretHash: old })
  } else registry.change(list, id, { secretHash: hash, previousSecretHash: fields.secretHash })
  return { id, secret }
}

function replaceNow(registry: RegistryText, { list, id, fields }: Chosen): Made {
  const { secret, hash } = makeSecret()
  if (typeof fields.secret === 'string') registry.exchange(list, id, 'secret', 'secretHash', hash)
  registry.change(list, id, { secretHash: hash, previousSecretHash: undefined })
  return { id, secret }
}

/** Of a site those that are under way; of those named each must be. */
function finishAll(registry: RegistryText, all: readonly Chosen[], ids: readonly string[], done: string[]): Made[] {
  for (const { list, id } of all) {
    if (registry.change(list, id, { previousSecretHash: undefined })) done.push(id)
    else if (ids.includes(id)) throw new UsageError(`no rotation of ${id} is under way; nothing was changed`)
  }
  return []
}

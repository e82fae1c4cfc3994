import { checkRegistryFile } from '../devices/registry-file.ts'
import { type Command, onlyOne, Refusal, readArguments } from './arguments.ts'
import { hashOf, makeSecret } from './secret.ts'

const checkHelp = `npm run registry -- check [FILE]

Reads the registry as the gateway would and names every mistake with its line. The secrets of endpoints are in the gateway's
environment, so it looks for them itself.`

export const check: Command = {
  summary: 'every mistake in the file, with its line',
  help: checkHelp,
  run(argv, { registryFile, say }) {
    const given = readArguments(argv, {})
    if (given === undefined) return say(checkHelp)
    const { values, positionals } = given
    const file = values.file ?? (positionals.length === 0 ? registryFile : onlyOne(positionals, 'file'))
    const { data, mistakes, warnings } = checkRegistryFile(file)
    for (const warning of warnings) say(`warning: ${warning}`)
    if (data === undefined) throw new Refusal(mistakes)
    const counts = `${data.sites.length} sites, ${data.devices.length} devices, ${data.endpoints.length} endpoints`
    const some = (count: number, what: string) => (count === 0 ? '' : `, ${count} ${what}`)
    const of = [...data.devices, ...data.accounts]
    const disabled = some(of.filter(entry => entry.disabled === true).length, 'disabled')
    const rotating = some(
      of.filter(entry => entry.previousSecretHash !== undefined).length,
      'with two secrets (rotate)',
    )
    say(`${file}: ${counts}${disabled}${rotating}: good`)
  },
}

const secretHelp = `npm run registry -- secret

Makes a secret, 256 random bits, and its secretHash for a registry that is written by hand.`

export const secret: Command = {
  summary: 'a secret and its hash, for a registry that is written by hand',
  help: secretHelp,
  run(argv, { say }) {
    if (readArguments(argv, {}) === undefined) return say(secretHelp)
    const made = makeSecret()
    say(`secret:     ${made.secret}   (into the device; it is not kept and not shown again)`)
    say(`secretHash: "${hashOf(made.secret)}"   (into the registry)`)
  },
}

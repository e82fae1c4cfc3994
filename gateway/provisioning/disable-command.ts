import { type Command, readArguments } from './arguments.ts'
import { chosen, edit, takenOver } from './edit.ts'

const helpOf = (name: string, text: string) => `npm run registry -- ${name} ID… | --site SITE

${text}`

const disableHelp = helpOf(
  'disable',
  `Devices and accounts that may not connect. At its next reload the gateway cuts those that are connected, and their silence is
not reported. Alarms that are open stay open. --site takes all devices of a site.`,
)
const enableHelp = helpOf('enable', 'They may connect again, with the secret that they had.')

/** Whether it was made so just now is told by how many. */
const command = (disabled: true | undefined, summary: string, help: string): Command => ({
  summary,
  help,
  run(argv, { registryFile, say }) {
    const given = readArguments(argv, { site: { type: 'string' } })
    if (given === undefined) return say(help)
    const { values, positionals } = given
    const file = values.file ?? registryFile
    const changed: string[] = []
    edit(file, registry => {
      for (const { list, id, fields } of chosen(registry, positionals, values.site))
        if ((fields.disabled === true) !== (disabled === true) && registry.change(list, id, { disabled }))
          changed.push(id)
      return []
    })
    const how = disabled === true ? 'disabled' : 'enabled'
    if (changed.length === 0) return say(`${file}: all of them are ${how} already; nothing was changed`)
    say(`${file}: ${how}: ${changed.join(', ')}. ${takenOver}`)
  },
})

export const disable: Command = command(true, 'devices and accounts that may not connect', disableHelp)
export const enable: Command = command(undefined, 'they may connect again', enableHelp)

import { type Command, readArguments } from './arguments.ts'
import { dispatchSecretVariable, makeRegistry } from './registry.ts'
import { writeRegistry } from './registry-files.ts'

const help = `npm run sim -- registry [--out DIR] [--seed TEXT] [--dispatch-url URL] [--force]

Writes registry.yaml (25 schools and kindergartens, 11 compounds, 4 checkpoints and their devices) for the gateway,
and secrets.json (mode 0600) for the simulator. The same seed gives the same sites; the secrets differ every time.

  --out DIR           where to write them (default: .)
  --seed TEXT         default: 1
  --dispatch-url URL  add the endpoint command-centre; the gateway reads its secret from ${dispatchSecretVariable}.
                      Not needed where GATEHOUSE_DISPATCH_URL is set
  --force             overwrite files that are there`

async function run(argv: string[]): Promise<number> {
  const values = readArguments(argv, {
    out: { type: 'string', default: '.' },
    seed: { type: 'string', default: '1' },
    'dispatch-url': { type: 'string' },
    force: { type: 'boolean', default: false },
  })
  if (values === undefined) {
    console.log(help)
    return 0
  }
  const registry = makeRegistry({ seed: values.seed, dispatchUrl: values['dispatch-url'] })
  const { registryPath, secretsPath } = await writeRegistry(values.out, registry, {
    force: values.force,
    comment: `Made by npm run sim -- registry --seed ${JSON.stringify(values.seed)}`,
  })
  console.log(`${registryPath}: ${registry.file.sites.length} sites, ${registry.file.devices.length} devices`)
  console.log(`${secretsPath}: their secrets, and that of the monitor account engineer, for the simulator only`)
  return 0
}

export const registryCommand: Command = { summary: 'make registry.yaml and secrets.json', help, run }

import { createHash, randomBytes } from 'node:crypto'
import { readRegistry } from './devices/registry-file.ts'

/** `npm run registry -- …`: what a person does to the registry. Exit codes: 0 done, 2 wrong use, 78 the file has mistakes. */
const help = `npm run registry -- COMMAND

  check [FILE]   reads the registry (./registry.yaml) as the gateway would and names every mistake with its line
  secret         makes a device's secret, 256 random bits, shows it once, and its secretHash for the registry
`

const [command, ...rest] = process.argv.slice(2)
const say = (text: string) => process.stdout.write(`${text}\n`)

if (command === undefined || command === '--help' || command === '-h' || rest.includes('--help')) say(help)
else if (command === 'secret' && rest.length === 0) {
  const secret = randomBytes(32).toString('base64url')
  say(`secret:     ${secret}   (into the device; it is not kept and not shown again)`)
  say(`secretHash: "sha256:${createHash('sha256').update(secret).digest('hex')}"   (into the registry)`)
} else if (command === 'check' && rest.length <= 1) check(rest[0] ?? './registry.yaml')
else {
  process.stderr.write(`unknown: ${[command, ...rest].join(' ')}\n\n${help}`)
  process.exitCode = 2
}

function check(file: string): void {
  const { registry, mistakes, warnings } = readRegistry(file)
  for (const warning of warnings) say(`warning: ${warning}`)
  for (const mistake of mistakes) process.stderr.write(`${mistake}\n`)
  if (registry === undefined) {
    process.exitCode = 78
    return
  }
  const count = (items: Iterable<unknown>) => [...items].length
  say(
    `${file}: ${count(registry.sites())} sites, ${count(registry.devices())} devices, ${registry.endpoints.length} endpoints: good`,
  )
}

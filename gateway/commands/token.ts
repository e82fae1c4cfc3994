import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Role, roles } from '../../schemas/api.ts'
import { iso, systemTime } from '../clock.ts'
import { readConfig } from '../config.ts'
import { syncDir } from '../disk/on-disk.ts'
import { OperationalError } from '../errors.ts'
import { unknownWord } from '../nearest.ts'
import { adminTokenFileIn, readAdminToken } from '../tokens/admin-token.ts'
import { add, digestOf, newToken, revoke, rotate } from '../tokens/change.ts'
import { changeTokens, type KeptToken, readTokenFile, TokenName, tokenFileIn } from '../tokens/file.ts'
import { optionsOf, WrongUse } from '../tokens/options.ts'

/** `npm run token -- …`: who may use the API. Exit codes: 0 done, 1 refused, 2 wrong use. */
const help = `npm run token -- COMMAND

  add NAME ROLE [--days N]                        makes a token, shows it once; ROLE: ${roles.join(', ')}
  list                                            names, roles and terms; never a token
  rotate NAME [--grace-minutes N] [--days N]      makes it anew, shows it once; the old one counts N minutes more (0)
  revoke NAME                                     it counts no more

The tokens are in tokens.json of GATEHOUSE_DATA_DIR, as digests. A gateway that runs takes changes up within a second.
Those of GATEHOUSE_API_TOKENS stand in the settings: they are changed there, and by a restart.
`

const { config } = readConfig()
const now = systemTime.wallMs()
const file = tokenFileIn(config.dataDir)
const adminFile = adminTokenFileIn(config.dataDir)
const say = (text: string) => process.stdout.write(`${text}\n`)
const complain = (text: string, code: number) => {
  process.stderr.write(`${text}\n`)
  process.exitCode = code
}

try {
  run(process.argv.slice(2))
} catch (error) {
  if (error instanceof WrongUse) complain(`${error.message}\n\n${help}`, 2)
  else if (error instanceof OperationalError) complain(error.message, 1)
  else if ((error as NodeJS.ErrnoException).syscall !== undefined) complain((error as Error).message, 1)
  else throw error
}

function run([command, ...rest]: string[]): void {
  if (command === undefined || ['--help', '-h'].includes(command) || rest.includes('--help')) say(help)
  else if (command === 'list') list(rest)
  else if (command === 'add') addOne(rest)
  else if (command === 'rotate') rotateOne(rest)
  else if (command === 'revoke') revokeOne(rest)
  else throw new WrongUse(unknownWord(command, ['list', 'add', 'rotate', 'revoke']))
}

function addOne(given: string[]): void {
  const { words, numbers } = optionsOf(given, ['NAME', 'ROLE'], { '--days': [1, 3650] })
  const [name, role] = words as [string, string]
  if (!TokenName.safeParse(name).success)
    throw new WrongUse(`${name} is no name: 1–64 of letters, digits, and . _ - that begin with a letter or digit`)
  if (!roles.includes(role as Role)) throw new WrongUse(`${role} is no role; one of ${roles.join(', ')}`)
  const token = newToken()
  change(name, tokens =>
    add(tokens, { name, role: role as Role, digest: digestOf(token), days: numbers['--days'] }, now),
  )
  show(name, token)
}

function rotateOne(given: string[]): void {
  const { words, numbers } = optionsOf(given, ['NAME'], { '--grace-minutes': [0, 10_080], '--days': [1, 3650] })
  const [name] = words as [string]
  const token = newToken()
  const graceMinutes = numbers['--grace-minutes'] ?? 0
  change(name, tokens => rotate(tokens, { name, digest: digestOf(token), graceMinutes, days: numbers['--days'] }, now))
  show(name, token)
  say(graceMinutes === 0 ? 'The old one counts no more.' : `The old one counts ${graceMinutes} minutes more.`)
}

function revokeOne(given: string[]): void {
  const [name] = optionsOf(given, ['NAME'], {}).words as [string]
  change(name, tokens => revoke(tokens, name))
  say(`${name}: counts no more, within a second also in a gateway that runs`)
}

function change(name: string, work: (tokens: KeptToken[]) => KeptToken[]): void {
  if (!existsSync(dirname(file)))
    throw refusal(`there is no directory ${config.dataDir}; set GATEHOUSE_DATA_DIR to that of the gateway`)
  if (config.apiTokens.some(token => token.name === name))
    throw refusal(`the token ${name} stands in GATEHOUSE_API_TOKENS; change it there and restart the gateway`)
  let all: KeptToken[] = []
  changeTokens(file, now, tokens => {
    all = work(withAdmin(tokens, name))
    return all
  })
  // Only now: without either file a gateway that starts would make a new admin token.
  if (name === 'admin' && existsSync(adminFile)) {
    rmSync(adminFile)
    syncDir(dirname(file))
  }
  const others = [...config.apiTokens, ...firstAdmin()]
  if (![...all, ...others].some(({ role }) => role === 'admin'))
    say('Note: no token has the role admin now; "npm run token -- add NAME admin" makes one.')
}

/** The admin token of the first start is changed like the others: it moves into their file. */
function withAdmin(tokens: KeptToken[], name: string): KeptToken[] {
  return name === 'admin' && !tokens.some(token => token.name === name) ? [...firstAdmin(), ...tokens] : tokens
}

function firstAdmin(): KeptToken[] {
  if (config.apiTokens.length > 0 || !existsSync(adminFile)) return []
  const digest = `sha256:${readAdminToken(adminFile).toString('hex')}`
  return [{ name: 'admin', role: 'admin', digest, createdAt: iso(now), expiresAt: null, previous: [] }]
}

function list(given: string[]): void {
  optionsOf(given, [], {})
  const tokens = readTokenFile(file) ?? []
  for (const { name, role } of config.apiTokens) say(`${name}  ${role}  of GATEHOUSE_API_TOKENS`)
  if (!tokens.some(({ name }) => name === 'admin'))
    for (const { name, role } of firstAdmin()) say(`${name}  ${role}  of the first start (admin-token.sha256)`)
  for (const { name, role, createdAt, expiresAt, previous } of tokens) {
    const end = expiresAt === null ? '' : Date.parse(expiresAt) <= now ? `, ended ${expiresAt}` : `, until ${expiresAt}`
    const old = previous
      .filter(({ until }) => Date.parse(until) > now)
      .map(({ until }) => `, an old one until ${until}`)
    say(`${name}  ${role}  since ${createdAt}${end}${old.join('')}`)
  }
}

function show(name: string, token: string): void {
  say(`${name}: ${token}`)
  say('It is not kept and not shown again. Sent as "Authorization: Bearer <token>".')
}

function refusal(message: string): OperationalError {
  return new OperationalError('token-refused', message, { retryable: false })
}

import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Document, isMap, isSeq, parse } from 'yaml'
import { z } from 'zod'
import { RegistryFile } from '../schemas/registry.ts'
import { Failure } from './arguments.ts'
import type { Secrets } from './registry.ts'

const SecretsFile = z.object({ devices: z.record(z.string(), z.string()), accounts: z.record(z.string(), z.string()) })

/** YAML as contract 7 shows it: one line for each site and device. */
function toYaml(file: RegistryFile, comment: string): string {
  const document = new Document(file)
  document.commentBefore = ` ${comment}`
  if (isMap(document.contents))
    for (const { value } of document.contents.items)
      if (isSeq(value)) for (const item of value.items) if (isMap(item)) item.flow = true
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** Written beside the target and renamed, so nobody ever reads half a file and the mode holds for an old file too. */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`
  await writeFile(beside, text, { mode, flag: 'wx' })
  await rename(beside, path)
}

/** Writes `registry.yaml` and `secrets.json` (mode 0600) into `directory`. Refuses to overwrite without `force`. */
export async function writeRegistry(
  directory: string,
  registry: { file: RegistryFile; secrets: Secrets },
  options: { force: boolean; comment: string },
): Promise<{ registryPath: string; secretsPath: string }> {
  const registryPath = join(directory, 'registry.yaml')
  const secretsPath = join(directory, 'secrets.json')
  for (const path of [registryPath, secretsPath])
    if (!options.force && existsSync(path))
      throw new Failure(
        `${path} is there already. Its secrets would be lost: choose another --out, or overwrite it with --force`,
      )
  await mkdir(directory, { recursive: true })
  await replaceFile(secretsPath, `${JSON.stringify(registry.secrets, null, 2)}\n`, 0o600)
  await writeRegistryFile(registryPath, registry.file, options.comment)
  await readRegistry(registryPath)
  return { registryPath, secretsPath }
}

export const writeRegistryFile = (path: string, file: RegistryFile, comment: string): Promise<void> =>
  replaceFile(path, toYaml(file, comment), 0o644)

async function read<T extends z.ZodType>(path: string, schema: T, decode: (text: string) => unknown) {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure(
      `${path} can't be read (${(error as NodeJS.ErrnoException).code}). npm run sim -- registry makes one`,
    )
  }
  let decoded: unknown
  try {
    decoded = decode(text)
  } catch (error) {
    throw new Failure(`${path} isn't well-formed: ${(error as Error).message.split('\n')[0]}`)
  }
  const result = schema.safeParse(decoded)
  if (!result.success) throw new Failure(`${path} is not what it should be:\n${z.prettifyError(result.error)}`)
  return result.data as z.infer<T>
}

export const readRegistry = (path: string): Promise<RegistryFile> => read(path, RegistryFile, text => parse(text))
export const readSecrets = (path: string): Promise<Secrets> =>
  read(path, SecretsFile, text => {
    try {
      return JSON.parse(text)
    } catch {
      throw new Error('it must be JSON') // JSON.parse's own message quotes the text, and the text holds secrets
    }
  })

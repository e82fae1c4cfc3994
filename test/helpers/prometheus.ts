import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A real Prometheus for one test: a child process that scrapes once a second. */
export type Prometheus = {
  /** An instant query. Throws what Prometheus has against it. */
  query(expr: string): Promise<{ metric: Record<string, string>; value: number }[]>
  stop(): Promise<void>
}

const startTimeoutMs = 20_000

/** `config`: a configuration file's text, as it is given to Prometheus. */
export async function startPrometheus(config: string): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-prometheus-'))
  await writeFile(join(dir, 'prometheus.yml'), config)
  const child = spawn(
    'prometheus',
    [
      `--config.file=${dir}/prometheus.yml`,
      `--storage.tsdb.path=${dir}/data`,
      '--web.listen-address=127.0.0.1:0',
      '--log.level=info',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, HOME: dir } },
  )
  const lines: string[] = []
  const ended = once(child, 'exit').catch(() => [])
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) child.kill('SIGKILL')
    if (child.pid !== undefined) await ended
    await rm(dir, { recursive: true, force: true })
  }
  const listening = new Promise<string>((resolve, reject) => {
    child.once('error', error =>
      reject(
        new Error(
          `prometheus can't be started (${error.message}). These tests need it: install Debian's package prometheus (apt-get install prometheus)`,
        ),
      ),
    )
    child.once('exit', code => reject(new Error(`prometheus ended with ${code}: ${lines.slice(-5).join('\n')}`)))
    createInterface({ input: child.stderr }).on('line', line => {
      lines.push(line)
      if (lines.length > 20) lines.shift()
      const address = line.includes('Listening on') && /address=(127\.0\.0\.1:\d+)/.exec(line)
      if (address) resolve(`http://${address[1]}`)
    })
    setTimeout(() => reject(new Error(`prometheus does not listen: ${lines.join('\n')}`)), startTimeoutMs).unref()
  })
  try {
    const url = await listening
    return {
      stop,
      async query(expr) {
        const response = await fetch(`${url}/api/v1/query`, {
          method: 'POST',
          body: new URLSearchParams({ query: expr }),
        })
        const answer = (await response.json()) as {
          error?: string
          data: { result: { metric: Record<string, string>; value: [number, string] }[] }
        }
        if (answer.error !== undefined) throw new Error(`${answer.error}: ${expr}`)
        return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The simulator's only look at the environment. */
const read = (name: string): string | undefined => process.env[name] || undefined

export const dispatchSecretFromEnvironment = (): string | undefined => read('GATEHOUSE_DISPATCH_SECRET')
export const influxPasswordFromEnvironment = (): string | undefined => read('GATEHOUSE_INFLUX_PASSWORD')
/** Where InfluxDB is, in words; undefined when nothing is set. The gateway reads the setting itself. */
export const influxFromEnvironment = (): string | undefined =>
  read('GATEHOUSE_INFLUX_URL') ?? read('GATEHOUSE_INFLUX_URL_FILE')
export const searchPath = (): readonly string[] => (read('PATH') ?? '').split(':').filter(Boolean)

/** npm names the script it runs. Then our parent is npm's shell, and not one that may leave us alone on purpose. */
export const runsUnderNpm = (): boolean => read('npm_lifecycle_event') !== undefined

/** For a child process: what the machine needs, and of Gatehouse's own settings only those about InfluxDB. */
export function childEnvironment(settings: Record<string, string>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (!name.startsWith('GATEHOUSE_') || name.startsWith('GATEHOUSE_INFLUX_')),
  )
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...settings }
}

/** 0: root. undefined: a system without users. */
export const effectiveUser = (): number | undefined => process.geteuid?.()

import { execFileSync, spawnSync } from 'node:child_process'

/** Before the tests: what they start must be there. Installs Debian's package where it may; else says what to install, and fails. */
const found = () => spawnSync('influxd', ['version'], { stdio: 'ignore' }).status === 0

if (process.env.GATEHOUSE_TEST_INFLUX_URL === undefined && !found()) {
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0
  if (canInstall) {
    console.log("tests: InfluxDB is missing; installing Debian's package influxdb …")
    try {
      execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'] })
      execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'influxdb'], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
    } catch {
      // What matters is whether it is there now.
    }
  }
  if (!found()) {
    console.error(
      'tests: no influxd on the PATH. Install InfluxDB 1.x (Debian: apt-get install influxdb), or set GATEHOUSE_TEST_INFLUX_URL to one that runs.',
    )
    process.exit(1)
  }
}

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Before the tests: what they start must be there. Installs Debian's packages where it may; else says what to install, and fails. */
const runs = (program: string, ...args: string[]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

const chromium = process.env.GATEHOUSE_TEST_CHROMIUM ?? '/usr/bin/chromium'
const hasChineseFont = () => {
  const { status, stdout } = spawnSync('fc-list', [':lang=zh-cn', 'family'], { encoding: 'utf8' })
  return status === 0 && stdout.trim() !== ''
}

/** `packages`: Debian's, that bring it. */
const needed = [
  {
    packages: ['influxdb'],
    found: () => process.env.GATEHOUSE_TEST_INFLUX_URL !== undefined || runs('influxd', 'version'),
    remedy:
      'no influxd on the PATH. Install InfluxDB 1.x (Debian: apt-get install influxdb), or set GATEHOUSE_TEST_INFLUX_URL to one that runs.',
  },
  {
    packages: ['prometheus'],
    found: () => runs('prometheus', '--version') && runs('promtool', '--version'),
    remedy: 'no prometheus and promtool on the PATH. Install Prometheus (Debian: apt-get install prometheus).',
  },
  {
    packages: ['systemd'],
    found: () => runs('systemd-analyze', '--version'),
    remedy:
      'no systemd-analyze, which checks the unit. Install systemd (Debian: apt-get install systemd); it need not run.',
  },
  {
    packages: ['chromium'],
    found: () => runs(chromium, '--version'),
    remedy: `no Chromium at ${chromium}. Install it (Debian: apt-get install chromium), or set GATEHOUSE_TEST_CHROMIUM to the program.`,
  },
  {
    // Without one every Chinese word is a row of boxes: of another width, and no picture of the console.
    packages: ['fontconfig', 'fonts-wqy-microhei'],
    found: hasChineseFont,
    remedy:
      'fc-list knows no font with Chinese characters. Install one (Debian: apt-get install fontconfig fonts-wqy-microhei).',
  },
  {
    // What the documents' samples are written in (test/scenarios/samples.test.ts).
    packages: ['curl', 'gcc', 'libc6-dev', 'libmosquitto-dev', 'mosquitto-clients', 'openssl', 'python3-paho-mqtt'],
    found: () =>
      runs('curl', '--version') &&
      runs('cc', '--version') &&
      ['/usr/include', '/usr/local/include'].some(folder => existsSync(`${folder}/mosquitto.h`)) &&
      runs('sh', '-c', 'command -v mosquitto_pub && command -v mosquitto_rr') &&
      runs('openssl', 'version') &&
      ['/usr/bin/python3', 'python3'].some(python => runs(python, '-c', 'import paho.mqtt.client')),
    remedy:
      'the samples of the documents need curl, a C compiler, libmosquitto, mosquitto_pub and mosquitto_rr, openssl, and Python with paho-mqtt (Debian: apt-get install curl gcc libc6-dev libmosquitto-dev mosquitto-clients openssl python3-paho-mqtt).',
  },
]

const missing = needed.filter(({ found }) => !found()).flatMap(({ packages }) => packages)
const canInstall = process.getuid?.() === 0 && runs('apt-get', '--version')
if (missing.length > 0 && canInstall) {
  console.log(`tests: installing Debian's ${missing.join(' and ')} …`)
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'] })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  } catch {
    // What matters is whether they are there now.
  }
}
const left = needed.filter(({ found }) => !found())
for (const { remedy } of left) console.error(`tests: ${remedy}`)
if (left.length > 0) process.exit(1)

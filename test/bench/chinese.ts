import type { Language } from './language.ts'

/** What the parts say, with `#` for a number and `…` for whatever a program said. Numbers keep their order: a test compares them. */
const phrases: Record<string, string> = {
  'QoS #, # connections × # in flight, # bytes': 'QoS #，# 条连接 × # 个在途，# 字节',
  '# events, until the last is a point in InfluxDB': '# 个事件，直到最后一个成为 InfluxDB 中的点',
  'alarm, press → webhook, idle, p#': '警情，按下 → webhook，空闲时，p#',
  'alarm, press → webhook, under # events/s, p#': '警情，按下 → webhook，负载 # 个事件/s，p#',
  'pubacked meanwhile, of the # events/s': '其间得到 puback 的，发送 # 个事件/s',
  'processor time per event at #/s, MQTT to InfluxDB': '# 个/s 时每个事件的处理器时间，从 MQTT 到 InfluxDB',
  'drain a backlog of # events into InfluxDB': '把积压的 # 个事件写入 InfluxDB',
  'QoS # with a journal that has grown': 'QoS #，日志已经变大',
  'start until ready': '从启动到就绪',
  'RSS when ready': '就绪时的 RSS',
  'RSS per connection, # that say little': '每条连接的 RSS，# 条连接，很少发布',
  'processor time per connection while they all connect': '全部连接期间每条连接的处理器时间',
  'killed and started: until # are back, and an alarm among them told':
    '杀死并启动：直到 # 台设备回来，且其中一条警情已告知',

  gateway: '网关',
  'gateway, after fsync': '网关，fsync 之后',
  'bare aedes': '裸 aedes',
  'mosquitto, in memory': 'mosquitto，仅在内存中',
  'Node-RED': 'Node-RED',
  'Node-RED + mosquitto': 'Node-RED + mosquitto',
  'influx package': 'influx 软件包',
  '# entries': '# 个条目',
  'empty journal': '空日志',

  'pubacks/s': '次 puback/s',
  'events/s': '个事件/s',
  'points/s': '个点/s',
  ms: 'ms',
  µs: 'µs',
  MB: 'MB',
  kB: 'kB',

  'mosquitto: left out by --peers none': 'mosquitto：因 --peers none 未测',
  'Node-RED: left out by --peers none': 'Node-RED：因 --peers none 未测',
  "mosquitto: isn't installed (Debian: apt-get install mosquitto)":
    'mosquitto：未安装（Debian：apt-get install mosquitto）',
  "Node-RED: its broker, mosquitto, isn't installed (Debian: apt-get install mosquitto)":
    'Node-RED：其 broker mosquitto 未安装（Debian：apt-get install mosquitto）',
  'Node-RED: npm ci --prefix test/bench/node-red failed (…)': 'Node-RED：npm ci --prefix test/bench/node-red 失败（…）',
}

const holes = { '#': String.raw`(\d[\d,.]*\d|\d)`, '…': '(.*)' }
const known = Object.entries(phrases).map(([english, chinese]) => {
  const pattern = english.replaceAll(/[#…]|[^\w\s#…]/g, sign => holes[sign as keyof typeof holes] ?? `\\${sign}`)
  return { pattern: new RegExp(`^${pattern}$`), chinese }
})

function text(english: string): string {
  for (const { pattern, chinese } of known) {
    const match = pattern.exec(english)
    let hole = 0
    if (match !== null) return chinese.replaceAll(/[#…]/g, () => match[++hole] as string)
  }
  throw new Error(`no Chinese for "${english}": add it to test/bench/chinese.ts`)
}

export const chinese: Language = {
  text,
  measure: (title, unit, better) => `${title}，${unit}${better === 'less' ? '（越小越好）' : ''}`,
  scale: (unit, better) => `${unit}，${better === 'less' ? '越小越好' : '越大越好'}`,
  named: (name, value) => `${name}：${value}`,
  beside: '与之相比',
  ratio: '比值',
  aim: '目标',
  picture: '基准测试的数据；下面的表格内容相同',
}

/**
 * The device makers' page in Chinese: what the schemas say in English, phrase by phrase. A phrase that is missing here stops
 * `npm run schemas`, so that the two pages can't differ.
 */
const phrases: Record<string, string> = {
  // Payloads: their titles, and what they are
  'Access event': '门禁事件',
  'Somebody used, or tried to use, a door.': '有人开了门，或试图开门。',
  'Face event': '人脸事件',
  'A camera recognised a face, or did not.': '摄像机识别出一张人脸，或未能识别。',
  'Vehicle event': '车辆事件',
  'A vehicle passed a lane.': '一辆车通过了车道。',
  'Alarm event': '报警事件',
  'A button was pressed, or a detector tripped or came back to rest.': '按钮被按下，或探测器触发、复位。',
  'Telemetry event': '遥测事件',
  'Measured numbers by name.': '按名称上报的测量值。',
  Heartbeat: '心跳',
  'A sign of life. An empty object is enough.': '表示设备在线。空对象即可。',
  Status: '状态',
  'Published after connecting, and left as the will.': '连接后发布，并设为遗嘱。',
  Acknowledgement: '回执',
  'What became of one publish, sent once it is on disk to a device that subscribed.':
    '一次发布的处理结果，落盘后发给已订阅的设备。',
  'Indicate command': '指示命令',
  "How far the device's open alarm is, so that whoever pressed sees that help is coming.":
    '该设备未结警情进行到哪一步，让按下按钮的人看到救援正在到来。',

  // Fields
  'Unique per device for ever: a counter with the boot number, a ULID, …':
    '每台设备永远唯一：例如带启动序号的计数器、ULID 等',
  "The device's time of the event. Absent: the gateway's receive time, marked as such":
    '事件发生时的设备时间。缺省：取网关的接收时间，并注明',
  'Counts up per device; a gap is reported': '每台设备递增；有缺号会上报',
  "true: sent late, from the device's own store": 'true：从设备自己的存储中补发',
  "The door's name, the same for ever: it becomes a tag": '门的名称，永不改变：它会成为标签',
  'Why it was denied, in words': '拒绝的原因（文字）',
  "The site's own reference, never a name or an identity number": '场所自己的编号，绝不能是姓名或身份证号',
  "The camera's name": '摄像机名称',
  'The list that it was found on': '命中的名单',
  'How alike, 1 is the same': '相似度，1 为完全相同',
  'The http or https URL of a picture; pictures themselves do not travel over MQTT':
    '图片的 http 或 https 地址；图片本身不经 MQTT 传输',
  "The lane's name": '车道名称',
  'null: there is none, or it could not be read': 'null：没有号牌，或无法识读',
  'How sure the plate is, 1 is certain': '号牌的置信度，1 为确定',
  'restored: back at rest. It is noted and closes nothing': 'restored：已复位。仅作记录，不结束警情',
  'drill and test run the whole way, visibly marked': 'drill（演练）与 test（测试）走完整流程，并有明显标记',
  'Finite numbers by name; a name is a–z, then up to 31 of A–Z, a–z, 0–9, _, with its unit in it':
    '按名称的有限数值；名称以 a–z 开头，其后最多 31 个 A–Z、a–z、0–9、_，名称中带单位',
  "The device's time": '设备时间',
  'Seconds since the device started': '设备启动以来的秒数',
  'Per cent': '百分比',
  dBm: 'dBm',
  'The version that runs': '当前运行的版本',
  'online: published after connecting; offline: in the will': 'online：连接后发布；offline：写在遗嘱中',
  "Counts the device's starts, so that an old will can be told from a new connection":
    '设备的启动次数，用来区分旧遗嘱与新连接',
  "The event's id; null where the payload held none that could be read": '事件的 id；载荷中没有可读的 id 时为 null',
  "The journal's sequence number of the entry; a duplicate gets the first one's":
    '该条目在日志中的序号；重复者得到首次的序号',
  'Only when rejected': '仅在被拒绝时',
  "The gateway's time, for a device whose clock is off": '网关的时间，供时钟不准的设备使用',
  "The centre's number of the incident": '中心的警情编号',
  'When the alarm came to this stage': '警情到达该阶段的时间',

  // The table
  field: '字段',
  required: '必填',
  form: '格式',
  meaning: '含义',
  yes: '是',
  Topic: '主题',
  ' or ': ' 或 ',
  'RFC 3339 time with offset': '带时区的 RFC 3339 时间',
  text: '文本',
  'text like': '文本，形如',
  number: '数值',
  'whole number': '整数',
  characters: '个字符',
  'object of numbers': '由数值组成的对象',
  'of them': '个',
  object: '对象',
  null: 'null',
}

/** Throws where a phrase has none. The empty one stays empty. */
export function inChinese(phrase: string): string {
  const words = phrase === '' ? '' : phrases[phrase]
  if (words === undefined) throw new Error(`schemas/chinese.ts has no words for "${phrase}"`)
  return words
}

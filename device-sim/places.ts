import type { DeviceKind, SiteKind } from '../schemas/registry.ts'

/** The invented development zone: what its sites are called and what hangs where. */
export const siteNames: Readonly<Record<SiteKind, readonly string[]>> = {
  school: [
    '第一小学',
    '第二小学',
    '第三小学',
    '第四小学',
    '实验小学',
    '外国语小学',
    '第一中学',
    '第二中学',
    '第三中学',
    '实验中学',
    '高级中学',
    '外国语学校',
    '九年一贯制学校',
    '职业技术学校',
  ],
  kindergarten: [
    '第一幼儿园',
    '第二幼儿园',
    '中心幼儿园',
    '阳光幼儿园',
    '童心幼儿园',
    '蓝天幼儿园',
    '春蕾幼儿园',
    '星星幼儿园',
    '育才幼儿园',
    '向阳幼儿园',
    '小天使幼儿园',
  ],
  compound: [
    '和谐家园',
    '锦绣苑',
    '滨河花园',
    '学府小区',
    '创业公寓',
    '人才公寓',
    '翠竹苑',
    '紫荆花园',
    '云山苑',
    '康宁小区',
    '新兴家园',
  ],
  checkpoint: ['创新大街东口卡口', '科技路南口卡口', '开发大道西口卡口', '产业路北口卡口'],
}

export const streets = [
  '创新大街',
  '科技路',
  '开发大道',
  '产业路',
  '学府街',
  '滨河东路',
  '建设路',
  '康宁街',
  '工业大道',
  '园区北路',
] as const
export const surnames = ['王', '李', '张', '刘', '陈', '杨', '赵', '郭', '武', '高', '梁', '郝'] as const

/** The middle of the zone, WGS-84; sites lie within the given degrees of it. */
export const centre = { lat: 37.71, lon: 112.56, latSpread: 0.025, lonSpread: 0.03 } as const

/** Who is called at a site of this kind. */
export const contactRoles: Readonly<Record<SiteKind, readonly string[]>> = {
  school: ['门卫', '安全副校长'],
  kindergarten: ['门卫', '园长'],
  compound: ['物业值班室', '社区民警'],
  checkpoint: ['卡口值班室'],
}

/** The "1, 3, 5 minutes" class of a site, and how often each class is given. */
export const responseClasses: Readonly<Record<SiteKind, Readonly<Partial<Record<'1' | '3' | '5', number>>>>> = {
  school: { '1': 4, '3': 6 },
  kindergarten: { '1': 5, '3': 5 },
  compound: { '3': 7, '5': 3 },
  checkpoint: { '5': 1 },
}

/** `every`: only every n-th site of the kind has it. */
export type Fitting = { kind: DeviceKind; placement: string; every?: number }

export const fittings: Readonly<Record<SiteKind, readonly Fitting[]>> = {
  school: [
    { kind: 'panic-button', placement: '门卫室' },
    { kind: 'panic-button', placement: '政教处' },
    { kind: 'access-controller', placement: '大门' },
    { kind: 'sensor', placement: '配电室', every: 2 },
  ],
  kindergarten: [
    { kind: 'panic-button', placement: '门卫室' },
    { kind: 'access-controller', placement: '大门' },
  ],
  compound: [
    { kind: 'access-controller', placement: '南门' },
    { kind: 'access-controller', placement: '北门' },
    { kind: 'access-controller', placement: '1号楼单元门' },
    { kind: 'face-checkpoint', placement: '南门人行通道' },
    { kind: 'vehicle-checkpoint', placement: '南门车行通道' },
    { kind: 'sensor', placement: '地下车库', every: 3 },
  ],
  checkpoint: [
    { kind: 'vehicle-checkpoint', placement: '进城方向' },
    { kind: 'vehicle-checkpoint', placement: '出城方向' },
    { kind: 'face-checkpoint', placement: '东侧人行道' },
    { kind: 'face-checkpoint', placement: '西侧人行道' },
    { kind: 'sensor', placement: '设备箱' },
  ],
}

/** How a device of this kind is named: in its id, after its placement, and in GB/T 28181's type digits. */
export const deviceWords: Readonly<Record<DeviceKind, { id: string; name: string; gbType: string }>> = {
  'panic-button': { id: 'button', name: '按钮', gbType: '117' },
  'access-controller': { id: 'door', name: '门禁', gbType: '124' },
  'face-checkpoint': { id: 'face', name: '人脸识别', gbType: '121' },
  'vehicle-checkpoint': { id: 'vehicle', name: '车辆识别', gbType: '121' },
  sensor: { id: 'sensor', name: '传感器', gbType: '134' },
}

/** GB/T 28181's industry digits: education, community, road. */
export const gbIndustry: Readonly<Record<SiteKind, string>> = {
  school: '11',
  kindergarten: '11',
  compound: '01',
  checkpoint: '00',
}

import type { AlarmWay } from './demo-press.ts'

const after = (ms: number): string => `${ms.toFixed(1).padStart(8)} ms`

/** Pressed, on disk, at dispatch, and seen as delivered. */
export const alarmWayText = ({ alarmId, pubackMs, webhookMs, deliveredMs, incidentNo }: AlarmWay): string => `
  pressed   ${after(0)}
  pubacked  ${after(pubackMs)}   it is on the gateway's disk
  webhook   ${after(webhookMs)}   received, signature verified${incidentNo === null ? '' : `, incident ${incidentNo}`}
  delivered ${after(deliveredMs)}   as GET /api/v1/alarms shows it: alarm ${alarmId}
`

export function lookAroundText(at: {
  httpUrl: string
  mqttUrl: string
  influxUrl: string | undefined
  token: string
  engineer: string
  registryPath: string
  secretsPath: string
}): string {
  const mqtt = new URL(at.mqttUrl)
  const authorization = `-H 'authorization: Bearer ${at.token}'`
  const files = `--registry ${at.registryPath} --secrets ${at.secretsPath} --url ${at.mqttUrl}`
  const influx =
    at.influxUrl === undefined
      ? []
      : [
          '',
          '# events of each site, as InfluxDB counts them',
          `curl -sG ${at.influxUrl}/query --data-urlencode db=gatehouse --data-urlencode 'q=SELECT sum("count") FROM access GROUP BY site'`,
        ]
  return [
    `API        ${at.httpUrl}/api/v1   token (admin): ${at.token}`,
    `docs       ${at.httpUrl}/docs`,
    `MQTT       ${at.mqttUrl}   may watch all: user engineer, password ${at.engineer}`,
    ...(at.influxUrl === undefined ? [] : [`InfluxDB   ${at.influxUrl}   database gatehouse`]),
    '',
    'Try, in another terminal:',
    '',
    `curl -s ${authorization} '${at.httpUrl}/api/v1/events?limit=5'`,
    `curl -s ${authorization} '${at.httpUrl}/api/v1/alarms'`,
    `curl -s ${authorization} '${at.httpUrl}/api/v1/stats'`,
    ...influx,
    '',
    '# press another button',
    `npm run sim -- press --site kindergarten-03 ${files}`,
    '',
    '# watch all devices',
    `npx mqtt subscribe -h ${mqtt.hostname} -p ${mqtt.port} -i engineer -u engineer -P ${at.engineer} -t 'gh/v1/#' -v`,
    '',
    'It goes on until Ctrl-C.',
    '',
  ].join('\n')
}

export function lookAroundText(at: {
  httpUrl: string
  mqttUrl: string
  influxUrl: string | undefined
  token: string
  engineer: string
  registryPath: string
  secretsPath: string
  /** Somebody can press keys in this terminal. */
  keys: boolean
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
    '# press another button and watch what it shows; you take this alarm through, in the console',
    `npm run sim -- press --site kindergarten-03 --seconds 120 ${files}`,
    '',
    '# watch all devices',
    `npx mqtt subscribe -h ${mqtt.hostname} -p ${mqtt.port} -i engineer -u engineer -P ${at.engineer} -t 'gh/v1/#' -v`,
    '',
    `CONSOLE    ${at.httpUrl}/`,
    `           log in with the token ${at.token}`,
    at.keys
      ? '           An alarm that is left for you comes when you press Enter here, or in a minute; another with each Enter.'
      : '           An alarm that is left for you comes in a moment: acknowledge, dispatch, arrive, close.',
    '',
    'It goes on until Ctrl-C.',
    '',
  ].join('\n')
}

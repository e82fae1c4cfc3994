import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** What Grafana reads from gateway/grafana, and how it fills variables in before it asks. */
export type Datasource = { type: string; uid: string }
export type Target = { refId: string; datasource: Datasource; query?: string; expr?: string; alias?: string }
export type Panel = {
  id: number
  type: string
  title: string
  datasource: Datasource
  gridPos: { x: number; y: number; w: number; h: number }
  fieldConfig: { defaults: { unit?: string } }
  targets: Target[]
}
export type Variable = {
  name: string
  label: string
  type: 'query' | 'custom'
  query: string
  regex?: string
  datasource?: Datasource
}
export type Dashboard = {
  uid: string
  title: string
  schemaVersion: number
  panels: Panel[]
  templating: { list: Variable[] }
  annotations: { list: { name: string; query: string; datasource: Datasource }[] }
}
export type Rule = {
  uid: string
  title: string
  condition: string
  for: string
  noDataState: string
  labels: Record<string, string>
  annotations: Record<string, string>
  data: {
    refId: string
    datasourceUid: string
    model: {
      refId: string
      expr?: string
      type?: string
      expression?: string
      conditions?: { evaluator: { type: 'gt' | 'lt'; params: [number] } }[]
    }
  }[]
}

export const grafana = `${import.meta.dirname}/../../gateway/grafana`
const read = (file: string) => readFileSync(`${grafana}/${file}`, 'utf8')

export const dashboards: Dashboard[] = readdirSync(`${grafana}/dashboards`).map(file =>
  JSON.parse(read(`dashboards/${file}`)),
)
export const datasources: (Datasource & { jsonData: Record<string, string> })[] = parse(
  read('provisioning/datasources/gatehouse.yaml'),
).datasources
export const provider = parse(read('provisioning/dashboards/gatehouse.yaml')).providers[0]
export const alertingText = read('provisioning/alerting/gatehouse.yaml')
export const rules: Rule[] = parse(alertingText).groups.flatMap(({ rules }: { rules: Rule[] }) => rules)

/** Every target of every panel, with a name for messages. */
export const targets = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap(panel => panel.targets.map(target => ({ from: `${title}: ${panel.title}`, ...target }))),
)

/** Throws where a variable is left over. */
export function substituted(query: string, variables: Record<string, string>): string {
  const text = query.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`nothing is known to stand for $${name} in ${query}`)
    return value
  })
  if (text.includes('[[') || text.includes('${')) throw new Error(`another way of naming a variable: ${query}`)
  return text
}

/** The rule's query, and whether a value of it fires. */
export function conditionOf(rule: Rule): { expr: string; fires: (value: number) => boolean } {
  const query = rule.data.find(({ refId }) => refId === 'A')!.model
  const { expression, conditions } = rule.data.find(({ refId }) => refId === rule.condition)!.model
  if (expression !== 'A' || conditions?.length !== 1) throw new Error(`${rule.uid}: is not a threshold on A`)
  const { type, params } = conditions[0]!.evaluator
  return { expr: query.expr!, fires: value => (type === 'gt' ? value > params[0] : value < params[0]) }
}

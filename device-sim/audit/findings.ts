/** How often something was found, and the first cases of it: bounded however many there are. */
export type Found = { count: number; examples: string[] }

const maxExamples = 20

export const nothing = (): Found => ({ count: 0, examples: [] })

export function find(found: Found, example: string): void {
  found.count += 1
  if (found.examples.length < maxExamples) found.examples.push(example)
}

/** What was started last is stopped first; one that fails does not keep the others from being stopped. */
export type Undo = { later: (what: () => Promise<unknown>) => void; all: () => Promise<void> }

export function createUndo(onError: (error: unknown) => void): Undo {
  const steps: (() => Promise<unknown>)[] = []
  return {
    later: step => steps.push(step),
    all: async () => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step().catch(onError)
    },
  }
}

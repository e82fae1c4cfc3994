import { useStation } from '../station.ts'

export function Board() {
  const { world } = useStation()
  return <h1>{world.open.value.length}</h1>
}

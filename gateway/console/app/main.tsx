import { render } from 'preact'
import { Console } from './frame.tsx'
import { startRinging } from './ringing.ts'
import { createStation, StationContext } from './station.ts'

const station = createStation(window)
render(
  <StationContext.Provider value={station}>
    <Console />
  </StationContext.Provider>,
  document.getElementById('console') as HTMLElement,
)
station.start()
startRinging(station, document)

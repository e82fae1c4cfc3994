import { messageOf } from '../../gateway/errors.ts'
import { mosquittoVersion } from './mosquitto.ts'
import { installNodeRed, nodeRedVersion } from './node-red/peer.ts'

/** What stands beside the gateway on this machine: a version each, or why it isn't there, for all to see. */
export type Peer = { version: string } | { missing: string }
export type Peers = { mosquitto: Peer; nodeRed: Peer }

export const isHere = (peer: Peer): peer is { version: string } => 'version' in peer

const notThere = "isn't installed (Debian: apt-get install mosquitto)"
/** Each has its Chinese in chinese.ts. */
export const reasons = {
  noMosquitto: 'mosquitto: left out by --peers none',
  noNodeRed: 'Node-RED: left out by --peers none',
  mosquittoNotThere: `mosquitto: ${notThere}`,
  brokerNotThere: `Node-RED: its broker, mosquitto, ${notThere}`,
  notInstalled: 'Node-RED: npm ci --prefix test/bench/node-red failed',
}

/** `wanted` is false where somebody asked for none. Installs Node-RED where it isn't yet. */
export function findPeers(wanted: boolean): Peers {
  if (!wanted) {
    return { mosquitto: { missing: reasons.noMosquitto }, nodeRed: { missing: reasons.noNodeRed } }
  }
  const version = mosquittoVersion()
  if (version === undefined) {
    return { mosquitto: { missing: reasons.mosquittoNotThere }, nodeRed: { missing: reasons.brokerNotThere } }
  }
  return { mosquitto: { version }, nodeRed: nodeRed() }
}

function nodeRed(): Peer {
  try {
    if (nodeRedVersion() === undefined) installNodeRed()
  } catch (error) {
    return { missing: `${reasons.notInstalled} (${messageOf(error).split('\n')[0]})` }
  }
  return { version: nodeRedVersion() as string }
}

/** The reasons of those of them that are not here. */
export const missingOf = (...peers: Peer[]): string[] =>
  peers.flatMap(peer => ('missing' in peer ? [peer.missing] : []))

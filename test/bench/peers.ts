import { messageOf } from '../../gateway/errors.ts'
import { mosquittoVersion } from './mosquitto.ts'
import { installNodeRed, nodeRedVersion } from './node-red/peer.ts'

/** What stands beside the gateway on this machine: a version each, or why it isn't there, for all to see. */
export type Peer = { version: string } | { missing: string }
export type Peers = { mosquitto: Peer; nodeRed: Peer }

export const isHere = (peer: Peer): peer is { version: string } => 'version' in peer

/** `wanted` is false where somebody asked for none. Installs Node-RED where it isn't yet. */
export function findPeers(wanted: boolean): Peers {
  if (!wanted) {
    const missing = 'left out by --peers none'
    return { mosquitto: { missing: `mosquitto: ${missing}` }, nodeRed: { missing: `Node-RED: ${missing}` } }
  }
  const version = mosquittoVersion()
  if (version === undefined) {
    const missing = "isn't installed (Debian: apt-get install mosquitto)"
    return {
      mosquitto: { missing: `mosquitto: ${missing}` },
      nodeRed: { missing: `Node-RED: its broker, mosquitto, ${missing}` },
    }
  }
  return { mosquitto: { version }, nodeRed: nodeRed() }
}

function nodeRed(): Peer {
  try {
    if (nodeRedVersion() === undefined) installNodeRed()
  } catch (error) {
    return { missing: `Node-RED: npm ci --prefix test/bench/node-red failed (${messageOf(error).split('\n')[0]})` }
  }
  return { version: nodeRedVersion() as string }
}

/** The reasons of those of them that are not here. */
export const missingOf = (...peers: Peer[]): string[] =>
  peers.flatMap(peer => ('missing' in peer ? [peer.missing] : []))

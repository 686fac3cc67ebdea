/** Finds out why two peers could not reach each other. Looks at the types of candidates, but never at an address. */

import { UnreachableError } from "./errors.js";

/** @param {RTCPeerConnection} peerConnection A connection that has failed, or that is not connected in time. */
export async function whyUnreachable(peerConnection) {
  // Some packages for Node have no statistics.
  return new UnreachableError(await reasonFor(peerConnection).catch(() => "unknown"));
}

/**
 * @param {RTCPeerConnection} peerConnection
 * @returns {Promise<import("./errors.js").Reason>}
 */
async function reasonFor(peerConnection) {
  let kinds = ""; // Such as "local-candidate host" and "candidate-pair failed".
  const stats = await peerConnection.getStats();
  stats.forEach(({ type, candidateType, state }) => (kinds += `${type} ${candidateType ?? state}\n`));
  const has = (/** @type {string} */ kind) => kinds.includes(kind);
  // Browsers list no candidate whose mDNS name they cannot resolve.
  if (!has("remote-candidate") && !peerConnection.remoteDescription?.sdp.includes("a=candidate:")) return "no-candidates";
  // If ICE has found a way, DTLS has failed.
  if (has("local-candidate relay") || has("candidate-pair succeeded")) return "unknown";
  const servers = JSON.stringify(peerConnection.getConfiguration().iceServers);
  if (/"turns?:/.test(servers)) return "no-relay";
  if (!has("local-candidate srflx")) return /"stuns?:/.test(servers) ? "no-stun" : "unknown";
  return has("remote-candidate srflx") && !has("remote-candidate relay") ? "strict-nats" : "unknown";
}

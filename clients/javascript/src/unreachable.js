/** Why two peers could not reach each other. This looks at the types of their candidates only, never at an address. */

/**
 * @param {RTCPeerConnection} peerConnection One that has failed.
 * @returns {Promise<import("./errors.js").Reason>}
 */
export async function reasonFor(peerConnection) {
  const { iceConnectionState, remoteDescription } = peerConnection;
  // If ICE has found a way, DTLS has failed.
  if (iceConnectionState !== "failed") return "unknown";
  /** @type {string[]} Such as "local-candidate host". */
  const kinds = [];
  const stats = await peerConnection.getStats();
  stats.forEach(({ type, candidateType }) => kinds.push(`${type} ${candidateType}`));
  const has = (/** @type {string} */ kind) => kinds.join().includes(kind);
  // Browsers list no candidate whose mDNS name they cannot resolve.
  if (!has("remote-candidate") && !remoteDescription?.sdp.includes("a=candidate:")) return "no-candidates";
  const servers = JSON.stringify(peerConnection.getConfiguration().iceServers);
  if (has("local-candidate relay")) return "unknown";
  if (/"turns?:/.test(servers)) return "no-relay";
  if (!has("local-candidate srflx")) return /"stuns?:/.test(servers) ? "no-stun" : "unknown";
  return has("remote-candidate srflx") && !has("remote-candidate relay") ? "strict-nats" : "unknown";
}

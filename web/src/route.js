/** The route of a connection: the selected candidate pair, and its round-trip time. */

/** @typedef {{ words: string, roundTripMs: number | undefined }} Route */

/**
 * @param {RTCPeerConnection} peerConnection
 * @returns {Promise<Route | undefined>}
 */
export async function readRoute(peerConnection) {
  const stats = await peerConnection.getStats();
  const pair = chosenPair([...stats.values()]);
  if (!pair) return undefined;
  const ends = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
  const types = ends.map((end) => end?.candidateType ?? "unknown");
  const seconds = pair.currentRoundTripTime;
  return {
    words: `${describe(types)} (${types.join(" to ")}, ${String(ends[0]?.protocol ?? "udp").toUpperCase()})`,
    roundTripMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** @param {any[]} reports */
function chosenPair(reports) {
  const transport = reports.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  const pairs = reports.filter(({ type }) => type === "candidate-pair");
  // Firefox has no transport report. It marks the selected pair instead.
  return pairs.find(({ id }) => id === transport?.selectedCandidatePairId) ?? pairs.find(({ selected }) => selected);
}

/** @param {string[]} types */
function describe(types) {
  if (types.includes("relay")) return "Through a TURN relay";
  if (types.every((type) => type === "host")) return "Direct, in the same network";
  return "Direct, across networks";
}

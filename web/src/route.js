/** The route of a connection: the selected candidate pair, and its round-trip time. */

import { find } from "./dom.js";
import { ROUTE_MS } from "./limits.js";

/** @typedef {{ words: string, roundTripMs: number | undefined }} Route */

/**
 * Show the route until the signal is aborted.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortSignal} signal
 */
export function followRoute(peerConnection, signal) {
  const route = find("route", HTMLElement);
  const roundTrip = find("round-trip", HTMLElement);
  const show = async () => {
    const found = await readRoute(peerConnection);
    if (!found || signal.aborted) return;
    route.textContent = found.words;
    const { roundTripMs } = found;
    if (roundTripMs !== undefined) roundTrip.textContent = `${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms`;
  };
  const timer = setInterval(show, ROUTE_MS);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    route.textContent = "Not connected";
    roundTrip.textContent = "–";
  });
  show();
}

/**
 * @param {RTCPeerConnection} peerConnection
 * @returns {Promise<Route | undefined>}
 */
async function readRoute(peerConnection) {
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
  if (types.every((type) => type === "host")) return "Direct, on the same network";
  return "Direct, across networks";
}

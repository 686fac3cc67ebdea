/** The steps of an exchange, in words. */

/** @typedef {import("./timeline.js").Mood} Mood */

/** @type {Record<string, (detail: any) => [string, Mood?] | undefined>} Those of the client that are worth a line. */
export const PROGRESS = {
  retry: ({ error, delay }) => [`Failed: ${error.message}; again in ${(delay / 1000).toFixed(1)} s`, "bad"],
  channel: () => ["Channel created"],
  "offer-sent": () => ["Offer left on the server"],
  "offer-received": () => ["Offer received"],
  "answer-sent": () => ["Answer left on the server"],
  "answer-received": () => ["Answer received"],
  "candidates-sent": ({ count }) => (count ? [`Candidates sent: ${count}`] : undefined),
  "candidates-received": ({ count }) => [`Candidates received: ${count}`],
  "candidate-skipped": () => ["A candidate of no use passed over"],
  "ice-server-skipped": () => ["An ICE server of no use passed over"],
  connected: () => ["Connected; the server is out of it", "good"],
  renegotiated: () => ["Negotiated anew, peer to peer"],
  "negotiation-failed": () => ["A negotiation failed", "bad"],
};

/** @type {Record<RTCIceConnectionState, [string, Mood?]>} */
export const ICE = {
  new: ["ICE: new"],
  checking: ["ICE: checking the ways"],
  connected: ["ICE: a way is found"],
  completed: ["ICE: completed"],
  disconnected: ["ICE: interrupted", "bad"],
  failed: ["ICE: no way", "bad"],
  closed: ["ICE: closed"],
};

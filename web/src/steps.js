/** The texts of the timeline's steps. */

/** @typedef {import("./timeline.js").Mood} Mood */

/** @type {Record<string, (detail: any) => [string, Mood?] | undefined>} The client's progress events that get a line. */
const PROGRESS = {
  retry: ({ error, delay }) => [`Failed: ${error.message}. Retrying in ${(delay / 1000).toFixed(1)} s`, "bad"],
  channel: () => ["Channel created"],
  "offer-sent": () => ["Offer sent to the server"],
  "offer-received": () => ["Offer received"],
  "answer-sent": () => ["Answer sent to the server"],
  "answer-received": () => ["Answer received"],
  "candidates-sent": ({ count }) => (count ? [`Candidates sent: ${count}`] : undefined),
  "candidates-received": ({ count }) => [`Candidates received: ${count}`],
  "candidate-skipped": () => ["Ignored an unusable candidate"],
  "ice-server-skipped": () => ["Ignored an unusable ICE server"],
  connected: () => ["Connected. Data does not pass through the server", "good"],
  renegotiated: () => ["Renegotiated without the server"],
  "negotiation-failed": () => ["Renegotiation failed", "bad"],
  "door-failed": ({ error }) => (error.reason === "host-away" ? undefined : [`Failed: ${error.message}`, "bad"]),
  "host-away": () => ["The other person's page is closed, asleep or offline"],
  lost: () => ["Connection lost", "bad"],
};

/**
 * Add a progress event of the client to the timeline, if there is a line for it.
 *
 * @param {import("./timeline.js").Timeline} timeline
 * @param {string} step
 * @param {any} detail
 */
export function addStep(timeline, step, detail) {
  const [text, mood] = PROGRESS[step]?.(detail) ?? [];
  if (text) timeline.add(text, mood);
}

/** @type {Record<RTCIceConnectionState, [string, Mood?]>} */
export const ICE = {
  new: ["ICE: new"],
  checking: ["ICE: checking routes"],
  connected: ["ICE: route found"],
  completed: ["ICE: completed"],
  disconnected: ["ICE: interrupted", "bad"],
  failed: ["ICE: no route found", "bad"],
  closed: ["ICE: closed"],
};

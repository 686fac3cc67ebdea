/** Peerpost in the browser: WebRTC signaling over one HTTP POST. */

export { connect } from "./connect.js";
export * from "./errors.js";
export { createLink, parseLink } from "./link.js";
export { createKey } from "./sealer.js";
export { SignalingClient } from "./signaling-client.js";

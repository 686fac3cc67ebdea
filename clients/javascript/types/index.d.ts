/** Peerpost in the browser: WebRTC signaling over plain HTTP POST requests. */
export type Options = import("./connect.js").Options;
export type Step = import("./connect.js").Step;
export type Reason = import("./errors.js").Reason;
export type Address = import("./link.js").Address;
export type Meeting = import("./link.js").Meeting;
export type Key = import("./sealer.js").Key;
/** @typedef {import("./connect.js").Options} Options */
/** @typedef {import("./connect.js").Step} Step */
/** @typedef {import("./errors.js").Reason} Reason */
/** @typedef {import("./link.js").Address} Address */
/** @typedef {import("./link.js").Meeting} Meeting */
/** @typedef {import("./sealer.js").Key} Key */
export { connect } from "./connect.js";
export * from "./errors.js";
export { createLink, parseLink } from "./link.js";
export { createKey } from "./sealer.js";
export { SignalingClient } from "./signaling-client.js";

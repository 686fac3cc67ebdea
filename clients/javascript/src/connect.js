/** Connects to the other peer of a channel, or to the host of an address. */

import { attempt } from "./attempt.js";
import { Guest } from "./guest.js";
import { sealerOf } from "./sealer.js";
import { clientFor } from "./signaling-client.js";

/**
 * @typedef {"request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received"
 *   | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected"
 *   | "renegotiated" | "negotiation-failed" | "host-away" | "pointer-sent" | "door-failed" | "lost"} Step
 */

/**
 * @typedef {object} Options
 * @property {string | URL | import("./signaling-client.js").SignalingClient} server
 * @property {string} [accessKey] Needed if the server requires one to open a channel. Used only if `server` is a URL.
 * @property {string} [channelId] The channel to answer in. Without it, this peer opens a channel and makes the offer.
 * @property {string} [addressId] The address to follow, instead of a channel.
 * @property {string} [guest] The guest id at an address. If a guest connects again with the same id, the new connection
 *   replaces the earlier one.
 * @property {import("./sealer.js").Key} [key] Encrypts the offer, the answer and the candidates. The other
 *   peer needs the same key.
 * @property {AbortSignal} [signal] Ends the exchange at once.
 * @property {(channelId: string) => void} [onChannel] Called with the id of the channel that was opened.
 * @property {(step: Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */

/** @typedef {RTCPeerConnection | (() => RTCPeerConnection)} Connection */

/**
 * Connect to the other peer of a channel, which may join later, or to the host of an address.
 *
 * Resolves with the RTCPeerConnection once it is connected. Otherwise rejects with the error. If the caller passed an
 * RTCPeerConnection, the caller must close it. If the caller passed a function, this function closes each connection
 * from it that fails to connect.
 *
 * @param {Connection} connection An RTCPeerConnection with its data channels and tracks, but without a description. Or a
 *   function that returns such a connection. An address may need several, because a connection that has tried one door
 *   cannot try another.
 * @param {Options} options
 * @returns {Promise<RTCPeerConnection>}
 */
export async function connect(connection, options) {
  const { server, accessKey, channelId, addressId, key, signal, onChannel, onProgress } = options;
  const client = clientFor(server, accessKey);
  const sealer = await sealerOf(key);
  const report = (/** @type {Step} */ step, detail = {}) => onProgress?.(step, detail);
  signal?.throwIfAborted();
  if (addressId) return new Guest({ client, sealer, report }, { ...options, addressId }).connect(connection);
  const peerConnection = typeof connection === "function" ? connection() : connection;
  /** @param {string} opened */
  const onOffer = (opened) => {
    onChannel?.(opened); // If the page's function returns a promise, do not wait for it.
  };
  try {
    await attempt({ peerConnection, client, sealer, report }, { channelId, signal, onOffer });
  } catch (error) {
    if (peerConnection !== connection) peerConnection.close();
    throw error;
  }
  return peerConnection;
}

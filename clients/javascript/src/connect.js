/** Connects an RTCPeerConnection to the other peer. */

import { endIfClosed, untilConnected } from "./ending.js";
import { Exchange } from "./exchange.js";
import { sealerOf } from "./sealer.js";
import { LINK_IS_USED } from "./sentences.js";
import { SignalingClient } from "./signaling-client.js";

/**
 * @typedef {"request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received"
 *   | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected"
 *   | "renegotiated" | "negotiation-failed"} Step
 */

/**
 * @typedef {object} Options
 * @property {string | URL | SignalingClient} server
 * @property {string} [accessKey] Opens a channel on a server that requires a key. Only for a `server` that is a URL.
 * @property {string} [channelId] The channel to answer in. Without it this peer opens one, and offers.
 * @property {import("./sealer.js").Key} [key] Seals everything. The other peer needs the same one.
 * @property {AbortSignal} [signal] Ends the exchange at once.
 * @property {(channelId: string) => void} [onChannel] Called with the id of the channel that was opened.
 * @property {(step: Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */

/**
 * Connect to the peer that has, or will have, the same channel.
 *
 * Resolves once connected, and rejects with what went wrong otherwise. Closing the RTCPeerConnection is up to the
 * caller.
 *
 * @param {RTCPeerConnection} peerConnection With its data channels and tracks, but without a description.
 * @param {Options} options
 * @returns {Promise<void>}
 */
export async function connect(peerConnection, options) {
  const { server, accessKey, key, signal, onProgress } = options;
  const client = server instanceof SignalingClient ? server : new SignalingClient(server, { accessKey });
  const sealer = await sealerOf(key);
  const end = new AbortController();
  signal?.throwIfAborted();
  endIfClosed(peerConnection, end);
  end.signal.throwIfAborted();
  const report = (/** @type {Step} */ step, detail = {}) => onProgress?.(step, detail);
  const exchange = new Exchange({ peerConnection, client, sealer, end, report }, options);
  const connected = untilConnected(peerConnection, end, signal);
  exchange.run().catch((error) => {
    endIfClosed(peerConnection, end, error);
    end.abort(error);
  });
  try {
    await connected;
  } catch (error) {
    exchange.fail();
    // If the owner aborted with a reason, throw that. The browser's own reason does not say that the link is used up.
    if (!exchange.hasAnswered || Object(error).name !== "AbortError") throw error;
    throw new DOMException(LINK_IS_USED, "AbortError");
  } finally {
    end.abort();
  }
  exchange.succeed();
  // The page's own function may throw, which must not become an error of the connection.
  queueMicrotask(() => report("connected"));
}

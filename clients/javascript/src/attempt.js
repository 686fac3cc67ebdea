/** One attempt to connect one RTCPeerConnection to the other peer, through one channel. */

import { endIfClosed, endWith, untilConnected } from "./ending.js";
import { Exchange } from "./exchange.js";
import { LINK_IS_USED } from "./sentences.js";

/** @typedef {import("./exchange.js").ExchangeOptions} ExchangeOptions */
/** @typedef {import("./exchange.js").Parts} Parts */

/**
 * Resolve once connected. If that fails, reject with the error: the caller must then close the RTCPeerConnection.
 *
 * @param {Omit<Parts, "end">} parts
 * @param {ExchangeOptions & { signal?: AbortSignal }} options
 * @returns {Promise<void>}
 */
export async function attempt(parts, options) {
  const { peerConnection, report } = parts;
  const { signal } = options;
  const end = new AbortController();
  signal?.throwIfAborted();
  endIfClosed(peerConnection, end);
  end.signal.throwIfAborted();
  const exchange = new Exchange({ ...parts, end }, options);
  const connected = untilConnected(peerConnection, end, signal);
  exchange.run().catch((error) => endWith(peerConnection, end, error));
  try {
    await connected;
  } catch (error) {
    exchange.fail();
    // If the page aborted with a reason of its own, throw that. Replace the browser's default reason, which does not
    // say that the link is used up.
    if (!exchange.hasAnswered || Object(error).name !== "AbortError") throw error;
    throw new DOMException(LINK_IS_USED, "AbortError");
  } finally {
    end.abort();
  }
  exchange.succeed();
  // The page's own function may throw, which must not become an error of the connection.
  queueMicrotask(() => report("connected"));
}

/** Keeps a guest connected to the host of an address: the entry `peerpost/reconnect`. */

import { createGuest } from "./address.js";
import { connect } from "./connect.js";
import { ExpiredError, NetworkError, PeerpostError, ServerError, TamperedError } from "./errors.js";
import { CLOSED_MS, DIAL_MS, MAX_RETRY_AFTER_SECONDS, OFFLINE_DIAL_MS, STABLE_MS } from "./limits.js";
import { backoff, pause } from "./pace.js";
import { clientFor } from "./signaling-client.js";

export { createGuest } from "./address.js";

/** @typedef {import("./host.js").Newcomer} Newcomer */

/**
 * @typedef {object} ReconnectOptions
 * @property {string | URL | import("./signaling-client.js").SignalingClient} server
 * @property {string} addressId
 * @property {string} key The key of the address.
 * @property {() => RTCPeerConnection} newConnection Returns a connection with its data channels and tracks, and without a
 *   description.
 * @property {(connection: RTCPeerConnection, newcomer: Newcomer) => void} onPeer Called each time we are connected.
 *   `replaces` is the previous connection, already closed.
 * @property {string} [guest] The guest id, from `createGuest`. The host recognizes us by it, even after a reload if the
 *   page keeps it.
 * @property {AbortSignal} [signal] Stops reconnecting. The current connection stays open.
 * @property {(step: import("./connect.js").Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */

/**
 * Connect to the host of an address, and connect again each time the connection is lost. Resolves when the signal is
 * aborted. Rejects if the address has expired or was deleted, if a sealed text was tampered with, or if the first
 * attempt to connect fails.
 *
 * @param {ReconnectOptions} options
 * @returns {Promise<void>}
 */
export async function reconnect(options) {
  const { signal } = options;
  const end = new AbortController();
  signal?.addEventListener("abort", () => end.abort(signal.reason), { signal: end.signal });
  try {
    signal?.throwIfAborted();
    await stayConnected({ guest: createGuest(), ...options, signal: end.signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    end.abort();
  }
}

/**
 * @param {ReconnectOptions & { guest: string, signal: AbortSignal }} options
 * @returns {Promise<never>}
 */
async function stayConnected({ server, newConnection, onPeer, ...options }) {
  const { guest, signal, onProgress } = options;
  const client = clientFor(server);
  const dial = () => connect(newConnection, { ...options, server: client });
  let pauses = backoff(...DIAL_MS);
  let connection = await dial();
  /** @type {RTCPeerConnection | undefined} */
  let replaces;
  for (;;) {
    const began = performance.now();
    const newcomer = { guest, replaces };
    const peerConnection = connection;
    // The page's own function may throw, which must not become an error of the connection.
    queueMicrotask(() => onPeer(peerConnection, newcomer));
    await untilLost(connection, signal);
    onProgress?.("lost", {});
    connection.close();
    replaces = connection;
    // If the host closes each connection, do not keep coming back at once.
    if (performance.now() - began > STABLE_MS) pauses = backoff(...DIAL_MS);
    await pause(pauses(), signal);
    connection = await persist(dial, pauses, signal);
  }
}

/**
 * Try until we are connected. Throw the error if no later try can succeed.
 *
 * @param {() => Promise<RTCPeerConnection>} dial
 * @param {() => number} pauses
 * @param {AbortSignal} signal
 */
async function persist(dial, pauses, signal) {
  const offline = backoff(...OFFLINE_DIAL_MS);
  for (;;) {
    try {
      return await dial();
    } catch (error) {
      if (isFinal(error)) throw error;
      // Tries cost nothing as long as no server is reached.
      if (error instanceof NetworkError) await pause(offline(), signal);
      else {
        const retryAfter = error instanceof ServerError ? Math.min(error.retryAfter, MAX_RETRY_AFTER_SECONDS) : 0;
        await pause(pauses() + retryAfter * 1000, signal);
      }
    }
  }
}

/**
 * Return whether no later try can succeed. After other refusals one can, because we were connected before: something in
 * front of the server has refused the request. That includes an AccessError, since a guest needs no access key.
 *
 * @param {unknown} error
 */
function isFinal(error) {
  return error instanceof ExpiredError || error instanceof TamperedError || !(error instanceof PeerpostError);
}

/**
 * Resolve when a connection is lost for good.
 *
 * @param {RTCPeerConnection} connection
 * @param {AbortSignal} signal
 */
async function untilLost(connection, signal) {
  const lost = new AbortController();
  const look = () => {
    // ICE restarts by itself, and "failed" says that this did not help. If the other peer closes its connection, its
    // data channels close at once, and ICE fails much later.
    const isLost = connection.connectionState === "failed" || connection.sctp?.state === "closed";
    if (isLost || connection.signalingState === "closed") lost.abort();
  };
  connection.addEventListener("connectionstatechange", look);
  connection.sctp?.addEventListener("statechange", look);
  const either = AbortSignal.any([signal, lost.signal]);
  for (look(); !lost.signal.aborted; look()) {
    // No event reports that the page has closed the connection.
    await pause(CLOSED_MS, either).catch(() => signal.throwIfAborted());
  }
}

/** How an exchange ends: connected, or with the reason why not. */

import { ExpiredError, UnreachableError } from "./errors.js";
import { CHANNEL_TTL_SECONDS, CLOSED_MS, IDLE_MS } from "./limits.js";
import { pause } from "./pace.js";
import { whyUnreachable } from "./unreachable.js";

/**
 * Resolve once the peers are connected. Reject with the reason as soon as `end` is aborted, ICE or DTLS fails, the
 * channel expires, or the page closes the connection or aborts its signal.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {AbortSignal} [ownersSignal]
 * @returns {Promise<void>}
 */
export function untilConnected(peerConnection, end, ownersSignal) {
  const { signal } = end;
  return new Promise((resolve, reject) => {
    const follow = () => {
      const { connectionState } = peerConnection;
      if (connectionState === "connected") resolve();
      if (connectionState === "failed") whyUnreachable(peerConnection).then(reject);
    };
    peerConnection.addEventListener("connectionstatechange", follow, { signal });
    ownersSignal?.addEventListener("abort", () => reject(ownersSignal.reason), { signal });
    watch(peerConnection, end).catch(reject);
  });
}

/**
 * Reject when the connection is closed, when the channel expires, or when ICE does not begin because no candidate of
 * the other peer arrives. No event reports any of these. The promises of a closed connection never settle, so this runs
 * beside whatever the exchange is waiting for.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {number} [seconds] How long the channel lives.
 */
export async function watch(peerConnection, end, seconds = CHANNEL_TTL_SECONDS) {
  const expiry = performance.now() + seconds * 1000;
  let latest = expiry;
  while (performance.now() < expiry) {
    endIfClosed(peerConnection, end);
    end.signal.throwIfAborted(); // Firefox throws if we read the description of a closed connection.
    // Without any candidate of the other peer, ICE never begins, and so it never fails either.
    const isIdle = peerConnection.remoteDescription && peerConnection.iceConnectionState === "new";
    if (!isIdle) latest = performance.now() + IDLE_MS;
    if (performance.now() > latest) throw await whyUnreachable(peerConnection);
    await pause(CLOSED_MS, end.signal);
  }
  throw new ExpiredError("nobody joined in time");
}

/**
 * End the exchange with an error. If the connection was closed, that becomes the reason: calls on a closed connection
 * throw many different errors, depending on the browser.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {unknown} error
 */
export function endWith(peerConnection, end, error) {
  endIfClosed(peerConnection, end, error);
  end.abort(error);
}

/**
 * End the exchange if the page has closed the connection. No event reports that.
 *
 * @param {RTCPeerConnection | undefined} peerConnection
 * @param {AbortController} end
 * @param {unknown} [cause] The error that the browser threw because the connection is closed.
 */
export function endIfClosed(peerConnection, end, cause) {
  if (peerConnection?.signalingState === "closed") end.abort(new UnreachableError("closed", { cause }));
}

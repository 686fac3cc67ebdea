/** How an exchange ends: connected, or with the reason why not. */
/**
 * Resolve once the peers are connected. Reject with the reason as soon as `end` is aborted, ICE or DTLS fails, the
 * channel expires, or the page closes the connection or aborts its signal.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {AbortSignal} [ownersSignal]
 * @returns {Promise<void>}
 */
export declare function untilConnected(peerConnection: RTCPeerConnection, end: AbortController, ownersSignal?: AbortSignal): Promise<void>;
/**
 * Reject when the connection is closed, when the channel expires, or when ICE does not begin because no candidate of
 * the other peer arrives. No event reports any of these. The promises of a closed connection never settle, so this runs
 * beside whatever the exchange is waiting for.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {number} [seconds] How long the channel lives.
 */
export declare function watch(peerConnection: RTCPeerConnection, end: AbortController, seconds?: number): Promise<void>;
/**
 * End the exchange with an error. If the connection was closed, that becomes the reason: calls on a closed connection
 * throw many different errors, depending on the browser.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {unknown} error
 */
export declare function endWith(peerConnection: RTCPeerConnection, end: AbortController, error: unknown): void;
/**
 * End the exchange if the page has closed the connection. No event reports that.
 *
 * @param {RTCPeerConnection | undefined} peerConnection
 * @param {AbortController} end
 * @param {unknown} [cause] The error that the browser threw because the connection is closed.
 */
export declare function endIfClosed(peerConnection: RTCPeerConnection | undefined, end: AbortController, cause?: unknown): void;

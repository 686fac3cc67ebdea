/** How an exchange ends: connected, or with the reason why not. */
/**
 * Resolve once the peers are connected. Reject with the reason as soon as `end` is aborted, ICE or DTLS fails, the
 * channel expires, or the owner closes the connection or aborts its signal.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {AbortSignal} [ownersSignal]
 * @returns {Promise<void>}
 */
export declare function untilConnected(peerConnection: RTCPeerConnection, end: AbortController, ownersSignal?: AbortSignal): Promise<void>;
/**
 * End the exchange if its owner has closed the connection. No event reports that.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {unknown} [cause] The error that the browser has thrown because of that.
 */
export declare function endIfClosed({ signalingState }: RTCPeerConnection, end: AbortController, cause?: unknown): void;

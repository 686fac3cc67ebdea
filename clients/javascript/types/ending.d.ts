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
 * Reject when the connection is closed or the channel expires, because no event reports either. The promises of a
 * closed connection never settle, so this runs beside whatever the exchange is waiting for.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {number} [seconds] Those that the channel lives.
 */
export declare function watch(peerConnection: RTCPeerConnection, end: AbortController, seconds?: number): Promise<void>;
/**
 * End the exchange with an error, or with its cause: browsers throw many errors at calls on a closed connection.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {AbortController} end
 * @param {unknown} error
 */
export declare function endWith(peerConnection: RTCPeerConnection, end: AbortController, error: unknown): void;
/**
 * End the exchange if its owner has closed the connection. No event reports that.
 *
 * @param {RTCPeerConnection | undefined} peerConnection
 * @param {AbortController} end
 * @param {unknown} [cause] The error that the browser has thrown because of that.
 */
export declare function endIfClosed(peerConnection: RTCPeerConnection | undefined, end: AbortController, cause?: unknown): void;

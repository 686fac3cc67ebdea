/** The ICE servers of the signaling server's operator, beside those that the page has named itself. */
/**
 * Add those that the browser takes. Who has made a mistake in one may have made none in the next.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {RTCIceServer[]} servers As they came.
 * @param {(error: unknown) => void} skip Told why one was passed over.
 */
export declare function addIceServers(peerConnection: RTCPeerConnection, servers: RTCIceServer[], skip: (error: unknown) => void): void;

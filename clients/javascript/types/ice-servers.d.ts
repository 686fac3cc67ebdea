/** The ICE servers that the signaling server's operator has configured, in addition to the page's own. */
/**
 * Add the servers that the browser accepts. If it refuses one, the next may still be valid.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {RTCIceServer[]} servers As received, unchecked.
 * @param {(error: unknown) => void} skip Called with the reason why a server was skipped.
 */
export declare function addIceServers(peerConnection: RTCPeerConnection, servers: RTCIceServer[], skip: (error: unknown) => void): void;

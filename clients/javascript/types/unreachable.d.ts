/** Why two peers could not reach each other. This looks at the types of their candidates only, never at an address. */
/**
 * @param {RTCPeerConnection} peerConnection One that has failed.
 * @returns {Promise<import("./errors.js").Reason>}
 */
export declare function reasonFor(peerConnection: RTCPeerConnection): Promise<import("./errors.js").Reason>;

/**
 * Negotiation after the first offer and answer: perfect negotiation (W3C WebRTC, section 10.7), peer to peer over a data
 * channel of its own.
 */
export declare class Negotiation {
    #private;
    /**
     * @param {RTCPeerConnection} peerConnection
     * @param {boolean} polite Whether this peer gives way when both offer at once.
     * @param {(step: "renegotiated" | "negotiation-failed", detail?: object) => void} report
     */
    constructor(peerConnection: RTCPeerConnection, polite: boolean, report: (step: "renegotiated" | "negotiation-failed", detail?: object) => void);
    /** Negotiate from now on. Call this when the other peer's first description has arrived, not earlier. */
    listen(): void;
    /**
     * Keep the connection alive, once the peers are connected.
     *
     * @param {RTCIceCandidate[]} late Candidates of the first exchange that the server does not have.
     */
    keep(late: RTCIceCandidate[]): void;
    stop(): void;
}

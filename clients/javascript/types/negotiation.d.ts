/** Later negotiation, peer to peer: perfect negotiation (W3C WebRTC, section 10.7) over a data channel of its own. */
export declare class Negotiation {
    #private;
    /**
     * @param {RTCPeerConnection} peerConnection
     * @param {boolean} polite Whether this peer gives way when both offer at once.
     * @param {(step: "renegotiated" | "negotiation-failed", detail?: object) => void} report
     */
    constructor(peerConnection: RTCPeerConnection, polite: boolean, report: (step: "renegotiated" | "negotiation-failed", detail?: object) => void);
    /** Take over. Before the first exchange has come to an end, nothing is to be negotiated anew. */
    listen(): void;
    /**
     * Keep the connection, once it is there.
     *
     * @param {RTCIceCandidate[]} late Those of the first exchange that the server has not got.
     */
    keep(late: RTCIceCandidate[]): void;
    stop(): void;
}

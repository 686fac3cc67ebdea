/** Offer, answer and candidates, from one peer to the other through a channel of the server. */
export type Kind = "offer" | "answer";
export type Options = import("./connect.js").Options;
export type IceServers = import("./signaling-client.js").IceServers;
export type Parts = {
    peerConnection: RTCPeerConnection;
    client: import("./signaling-client.js").SignalingClient;
    sealer: import("./sealer.js").Envelope;
    /**
     * Ends everything that the exchange has begun, with the reason.
     */
    end: AbortController;
    report: (step: import("./connect.js").Step, detail?: object) => void;
};
/** @typedef {"offer" | "answer"} Kind */
/** @typedef {import("./connect.js").Options} Options */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */
/**
 * What an exchange and its parts have in common.
 *
 * @typedef {object} Parts
 * @property {RTCPeerConnection} peerConnection
 * @property {import("./signaling-client.js").SignalingClient} client
 * @property {import("./sealer.js").Envelope} sealer
 * @property {AbortController} end Ends everything that the exchange has begun, with the reason.
 * @property {(step: import("./connect.js").Step, detail?: object) => void} report
 */
export declare class Exchange {
    #private;
    /** Whether our answer may be in the channel. Nobody else can answer there from then on, not even this page. */
    hasAnswered: boolean;
    /**
     * @param {Parts} parts
     * @param {Options} options
     */
    constructor(parts: Parts, options: Options);
    /** Describe both peers to each other, and exchange candidates until the channel is gone. */
    run(): Promise<void>;
    /** The peers are connected: from now on they negotiate without the server. */
    succeed(): void;
    fail(): void;
}

/** ICE candidates, in both directions: ours to the other peer, and theirs to our RTCPeerConnection (RFC 8838). */
export type Parts = import("./exchange.js").Parts;
export type Poller = import("./poller.js").Poller;
export type Purpose = import("./sealer.js").Purpose;
export type Later = import("./signaling-client.js").Later;
/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {import("./poller.js").Poller} Poller */
/** @typedef {import("./sealer.js").Purpose} Purpose */
/** @typedef {import("./signaling-client.js").Later} Later */
export declare class CandidateExchange {
    #private;
    /**
     * Whether the server takes and returns lists of candidates. Until a reply shows it, this is not known.
     *
     * @type {boolean | undefined}
     */
    knowsLists: boolean | undefined;
    /**
     * Our candidates that the server does not have yet.
     *
     * @type {RTCIceCandidate[]}
     */
    unsent: RTCIceCandidate[];
    /**
     * @param {boolean} isAnswerer
     * @param {Parts} parts
     * @param {Poller} poller
     */
    constructor(isAnswerer: boolean, parts: Parts, poller: Poller);
    /** Wait for the candidates that are found in the first milliseconds. They are then part of the description. */
    gatherFirst(): Promise<void>;
    /** Gather candidates again, for a description that replaces the current one. */
    restart(): void;
    /**
     * Send our candidates from now on. Some peers cannot use a candidate that arrives before its description.
     *
     * @param {string} channelId
     */
    trickle(channelId: string): void;
    /** Read and add the other peer's candidates until the channel is gone. */
    receive(): Promise<void>;
    /**
     * Add the other peer's candidates. Call this only when its description is set.
     *
     * @param {Later} reply
     */
    add({ items, next }: Later): Promise<void>;
}

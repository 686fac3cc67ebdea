/** One peer's side of a connection: from an RTCPeerConnection to two that talk directly. */
import { SignalingClient } from "./signaling-client.js";
export type Step = "request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received" | "candidates-sent" | "candidates-received" | "candidate-skipped" | "connected" | "renegotiated" | "negotiation-failed";
export type Options = {
    server: string | URL | SignalingClient;
    /**
     * The channel to answer in; without it this peer opens one, and offers.
     */
    channelId?: string;
    /**
     * Seals everything; the other peer needs the same one.
     */
    key?: import("./sealer.js").Key;
    /**
     * Ends it at once.
     */
    signal?: AbortSignal;
    /**
     * Told the id of the channel that was opened.
     */
    onChannel?: (channelId: string) => void;
    /**
     * Told each step, for a timeline.
     */
    onProgress?: (step: Step, detail: any) => void;
};
export type Kind = "offer" | "answer";
export type Read = import("./signaling-client.js").Reading & import("./signaling-client.js").Call;
export type Later = import("./signaling-client.js").Later;
/**
 * Connect to the peer that has, or will have, the same channel.
 *
 * Resolves once connected, and throws what went wrong otherwise; closing the RTCPeerConnection is up to the caller.
 *
 * @param {RTCPeerConnection} peerConnection With its data channels and tracks, but without a description.
 * @param {Options} options
 * @returns {Promise<void>}
 */
export declare function connect(peerConnection: RTCPeerConnection, options: Options): Promise<void>;

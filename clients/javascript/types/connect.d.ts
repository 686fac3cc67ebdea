/** One peer's side of a connection: from an RTCPeerConnection to two that talk directly. */
import { SignalingClient } from "./signaling-client.js";
export type Step = "request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received" | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected" | "renegotiated" | "negotiation-failed";
export type Options = {
    server: string | URL | SignalingClient;
    /**
     * What a server may ask of who opens a channel; for a `server` that is a URL.
     */
    accessKey?: string;
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
export type Call = import("./signaling-client.js").Call;
export type Read = import("./signaling-client.js").Reading & Call;
export type Later = import("./signaling-client.js").Later;
export type IceServers = import("./signaling-client.js").IceServers;
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

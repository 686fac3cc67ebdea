/** Connects an RTCPeerConnection to the other peer. */
import { SignalingClient } from "./signaling-client.js";
export type Step = "request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received" | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected" | "renegotiated" | "negotiation-failed";
export type Options = {
    server: string | URL | SignalingClient;
    /**
     * Opens a channel on a server that requires a key. Only for a `server` that is a URL.
     */
    accessKey?: string;
    /**
     * The channel to answer in. Without it this peer opens one, and offers.
     */
    channelId?: string;
    /**
     * Seals everything. The other peer needs the same one.
     */
    key?: import("./sealer.js").Key;
    /**
     * Ends the exchange at once.
     */
    signal?: AbortSignal;
    /**
     * Called with the id of the channel that was opened.
     */
    onChannel?: (channelId: string) => void;
    /**
     * Called at each step, for a timeline.
     */
    onProgress?: (step: Step, detail: any) => void;
};
/**
 * @typedef {"request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received"
 *   | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected"
 *   | "renegotiated" | "negotiation-failed"} Step
 */
/**
 * @typedef {object} Options
 * @property {string | URL | SignalingClient} server
 * @property {string} [accessKey] Opens a channel on a server that requires a key. Only for a `server` that is a URL.
 * @property {string} [channelId] The channel to answer in. Without it this peer opens one, and offers.
 * @property {import("./sealer.js").Key} [key] Seals everything. The other peer needs the same one.
 * @property {AbortSignal} [signal] Ends the exchange at once.
 * @property {(channelId: string) => void} [onChannel] Called with the id of the channel that was opened.
 * @property {(step: Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */
/**
 * Connect to the peer that has, or will have, the same channel.
 *
 * Resolves once connected, and rejects with what went wrong otherwise. Closing the RTCPeerConnection is up to the
 * caller.
 *
 * @param {RTCPeerConnection} peerConnection With its data channels and tracks, but without a description.
 * @param {Options} options
 * @returns {Promise<void>}
 */
export declare function connect(peerConnection: RTCPeerConnection, options: Options): Promise<void>;

/** Offer, answer and candidates, from one peer to the other through a channel of the server. */
export type Kind = "offer" | "answer";
export type IceServers = import("./signaling-client.js").IceServers;
export type Later = import("./signaling-client.js").Later;
export type Offer = {
    sdp: string;
} & Later & IceServers;
export type ExchangeOptions = {
    /**
     * The channel to answer in. Without it this peer opens one, and offers.
     */
    channelId?: string;
    /**
     * The one in that channel, if it is known.
     */
    offer?: Offer;
    /**
     * Called when our offer is in the channel that we have
     * opened. No answer is expected before that is done.
     */
    onOffer?: (channelId: string) => void | Promise<void>;
    /**
     * Whether the channel is a door of an address. Then `onOffer` passes our offer on, which is
     * not written to the channel.
     */
    isDoor?: true;
};
export type Parts = {
    peerConnection: RTCPeerConnection;
    client: import("./signaling-client.js").SignalingClient;
    sealer: import("./sealer.js").Envelope;
    /**
     * Ends everything that the exchange has begun, with the reason.
     */
    end: AbortController;
    report: (step: import("./connect.js").Step, detail?: object) => void;
    /**
     * How often to read. Channels may share it.
     */
    pace?: import("./pace.js").Pace;
    /**
     * Whether the server has replied already.
     */
    isThere?: boolean;
};
/** @typedef {"offer" | "answer"} Kind */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */
/** @typedef {import("./signaling-client.js").Later} Later */
/**
 * The description of an offerer, opened, with what came along with it.
 *
 * @typedef {{ sdp: string } & Later & IceServers} Offer
 */
/**
 * @typedef {object} ExchangeOptions
 * @property {string} [channelId] The channel to answer in. Without it this peer opens one, and offers.
 * @property {Offer} [offer] The one in that channel, if it is known.
 * @property {(channelId: string) => void | Promise<void>} [onOffer] Called when our offer is in the channel that we have
 *   opened. No answer is expected before that is done.
 * @property {true} [isDoor] Whether the channel is a door of an address. Then `onOffer` passes our offer on, which is
 *   not written to the channel.
 */
/**
 * What an exchange and its parts have in common.
 *
 * @typedef {object} Parts
 * @property {RTCPeerConnection} peerConnection
 * @property {import("./signaling-client.js").SignalingClient} client
 * @property {import("./sealer.js").Envelope} sealer
 * @property {AbortController} end Ends everything that the exchange has begun, with the reason.
 * @property {(step: import("./connect.js").Step, detail?: object) => void} report
 * @property {import("./pace.js").Pace} [pace] How often to read. Channels may share it.
 * @property {boolean} [isThere] Whether the server has replied already.
 */
export declare class Exchange {
    #private;
    /** Whether our answer may be in the channel. Nobody else can answer there from then on, not even this page. */
    hasAnswered: boolean;
    /**
     * @param {Parts} parts
     * @param {ExchangeOptions} options
     */
    constructor(parts: Parts, options: ExchangeOptions);
    /** Describe both peers to each other, and exchange candidates until the channel is gone. */
    run(): Promise<void>;
    /** The peers are connected: from now on they negotiate without the server. */
    succeed(): void;
    fail(): void;
}

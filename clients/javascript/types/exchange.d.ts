/** Offer, answer and candidates, from one peer to the other through a channel of the server. */
export type Kind = "offer" | "answer";
export type IceServers = import("./signaling-client.js").IceServers;
export type Later = import("./signaling-client.js").Later;
export type Offer = {
    sdp: string;
} & Later & IceServers;
export type ExchangeOptions = {
    /**
     * The channel to answer in. Without it, this peer opens a channel and makes the offer.
     */
    channelId?: string;
    /**
     * The offer in that channel, if it is already known.
     */
    offer?: Offer;
    /**
     * Called when we have opened a channel and our offer
     * is in it. The exchange waits for its promise before it reads the answer.
     */
    onOffer?: (channelId: string) => void | Promise<void>;
    /**
     * Whether the channel is a door of an address. The exchange then writes no offer to the
     * channel: `onOffer` must make the offer known.
     */
    isDoor?: true;
};
export type Parts = {
    peerConnection: RTCPeerConnection;
    client: import("./signaling-client.js").SignalingClient;
    sealer: import("./sealer.js").Envelope;
    /**
     * Is aborted, with the reason, to end everything that the exchange has begun.
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
 * The offerer's description, decrypted, and the other fields of the reply that contained it.
 *
 * @typedef {{ sdp: string } & Later & IceServers} Offer
 */
/**
 * @typedef {object} ExchangeOptions
 * @property {string} [channelId] The channel to answer in. Without it, this peer opens a channel and makes the offer.
 * @property {Offer} [offer] The offer in that channel, if it is already known.
 * @property {(channelId: string) => void | Promise<void>} [onOffer] Called when we have opened a channel and our offer
 *   is in it. The exchange waits for its promise before it reads the answer.
 * @property {true} [isDoor] Whether the channel is a door of an address. The exchange then writes no offer to the
 *   channel: `onOffer` must make the offer known.
 */
/**
 * The objects that an exchange and its parts share.
 *
 * @typedef {object} Parts
 * @property {RTCPeerConnection} peerConnection
 * @property {import("./signaling-client.js").SignalingClient} client
 * @property {import("./sealer.js").Envelope} sealer
 * @property {AbortController} end Is aborted, with the reason, to end everything that the exchange has begun.
 * @property {(step: import("./connect.js").Step, detail?: object) => void} report
 * @property {import("./pace.js").Pace} [pace] How often to read. Channels may share it.
 * @property {boolean} [isThere] Whether the server has replied already.
 */
export declare class Exchange {
    #private;
    /** Whether our answer may be in the channel. If it is, no other answer is possible there, not even from this page. */
    hasAnswered: boolean;
    /**
     * @param {Parts} parts
     * @param {ExchangeOptions} options
     */
    constructor(parts: Parts, options: ExchangeOptions);
    /** Exchange the descriptions, and then candidates until the channel is gone. */
    run(): Promise<void>;
    /** The peers are connected: from now on they negotiate without the server. */
    succeed(): void;
    fail(): void;
}

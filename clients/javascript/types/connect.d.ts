/** Connects to the other peer of a channel, or to the host of an address. */
export type Step = "request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received" | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected" | "renegotiated" | "negotiation-failed" | "host-away" | "pointer-sent" | "door-failed" | "lost";
export type Options = {
    server: string | URL | import("./signaling-client.js").SignalingClient;
    /**
     * Needed if the server requires one to open a channel. Used only if `server` is a URL.
     */
    accessKey?: string;
    /**
     * The channel to answer in. Without it, this peer opens a channel and makes the offer.
     */
    channelId?: string;
    /**
     * The address to follow, instead of a channel.
     */
    addressId?: string;
    /**
     * The guest id at an address. If a guest connects again with the same id, the new connection
     * replaces the earlier one.
     */
    guest?: string;
    /**
     * Encrypts the offer, the answer and the candidates. The other
     * peer needs the same key.
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
export type Connection = RTCPeerConnection | (() => RTCPeerConnection);
/**
 * @typedef {"request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received"
 *   | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected"
 *   | "renegotiated" | "negotiation-failed" | "host-away" | "pointer-sent" | "door-failed" | "lost"} Step
 */
/**
 * @typedef {object} Options
 * @property {string | URL | import("./signaling-client.js").SignalingClient} server
 * @property {string} [accessKey] Needed if the server requires one to open a channel. Used only if `server` is a URL.
 * @property {string} [channelId] The channel to answer in. Without it, this peer opens a channel and makes the offer.
 * @property {string} [addressId] The address to follow, instead of a channel.
 * @property {string} [guest] The guest id at an address. If a guest connects again with the same id, the new connection
 *   replaces the earlier one.
 * @property {import("./sealer.js").Key} [key] Encrypts the offer, the answer and the candidates. The other
 *   peer needs the same key.
 * @property {AbortSignal} [signal] Ends the exchange at once.
 * @property {(channelId: string) => void} [onChannel] Called with the id of the channel that was opened.
 * @property {(step: Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */
/** @typedef {RTCPeerConnection | (() => RTCPeerConnection)} Connection */
/**
 * Connect to the other peer of a channel, which may join later, or to the host of an address.
 *
 * Resolves with the RTCPeerConnection once it is connected. Otherwise rejects with the error. If the caller passed an
 * RTCPeerConnection, the caller must close it. If the caller passed a function, this function closes each connection
 * from it that fails to connect.
 *
 * @param {Connection} connection An RTCPeerConnection with its data channels and tracks, but without a description. Or a
 *   function that returns such a connection. An address may need several, because a connection that has tried one door
 *   cannot try another.
 * @param {Options} options
 * @returns {Promise<RTCPeerConnection>}
 */
export declare function connect(connection: Connection, options: Options): Promise<RTCPeerConnection>;

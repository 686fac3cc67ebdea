/** Keeps a guest connected to the host of an address: the entry `peerpost/reconnect`. */
export { createGuest } from "./address.js";
export type Newcomer = import("./host.js").Newcomer;
export type ReconnectOptions = {
    server: string | URL | import("./signaling-client.js").SignalingClient;
    addressId: string;
    /**
     * The key of the address.
     */
    key: string;
    /**
     * Returns a connection with its data channels and tracks, and without a
     * description.
     */
    newConnection: () => RTCPeerConnection;
    /**
     * Called each time we are connected.
     * `replaces` is the previous connection, already closed.
     */
    onPeer: (connection: RTCPeerConnection, newcomer: Newcomer) => void;
    /**
     * The guest id, from `createGuest`. The host recognizes us by it, even after a reload if the
     * page keeps it.
     */
    guest?: string;
    /**
     * Stops reconnecting. The current connection stays open.
     */
    signal?: AbortSignal;
    /**
     * Called at each step, for a timeline.
     */
    onProgress?: (step: import("./connect.js").Step, detail: any) => void;
};
/** @typedef {import("./host.js").Newcomer} Newcomer */
/**
 * @typedef {object} ReconnectOptions
 * @property {string | URL | import("./signaling-client.js").SignalingClient} server
 * @property {string} addressId
 * @property {string} key The key of the address.
 * @property {() => RTCPeerConnection} newConnection Returns a connection with its data channels and tracks, and without a
 *   description.
 * @property {(connection: RTCPeerConnection, newcomer: Newcomer) => void} onPeer Called each time we are connected.
 *   `replaces` is the previous connection, already closed.
 * @property {string} [guest] The guest id, from `createGuest`. The host recognizes us by it, even after a reload if the
 *   page keeps it.
 * @property {AbortSignal} [signal] Stops reconnecting. The current connection stays open.
 * @property {(step: import("./connect.js").Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 */
/**
 * Connect to the host of an address, and connect again each time the connection is lost. Resolves when the signal is
 * aborted. Rejects if the address has expired or was deleted, if a sealed text was tampered with, or if the first
 * attempt to connect fails.
 *
 * @param {ReconnectOptions} options
 * @returns {Promise<void>}
 */
export declare function reconnect(options: ReconnectOptions): Promise<void>;

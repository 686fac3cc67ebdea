/** Waits at an address for any number of guests: the entry `peerpost/listen`. */
export { NoAddressError } from "./host.js";
export type HostedAddress = import("./host.js").HostedAddress;
export type Newcomer = import("./host.js").Newcomer;
export type ListenOptions = {
    server: string | URL | import("./signaling-client.js").SignalingClient;
    /**
     * Needed if the server requires one to open channels. Used only if `server` is a URL.
     */
    accessKey?: string;
    /**
     * For a new address, from `createKey`. Without it, a key is made.
     */
    key?: string;
    /**
     * How many seconds a new address should live. The server may grant fewer.
     */
    ttl?: number;
    /**
     * Returns a connection for the next guest, with its data channels and
     * tracks, and without a description.
     */
    newConnection: () => RTCPeerConnection;
    /**
     * Called when a guest is connected.
     */
    onPeer: (connection: RTCPeerConnection, newcomer: Newcomer) => void;
    /**
     * Called with each address that is opened or resumed. Keep it for
     * `resume`, and create the link from it.
     */
    onLink?: (address: HostedAddress) => void;
    /**
     * Called at each step, for a timeline.
     */
    onProgress?: (step: import("./connect.js").Step, detail: any) => void;
    /**
     * Ends listening. The connections of guests are not closed.
     */
    signal?: AbortSignal;
    /**
     * An earlier address to use again, instead of opening a new one.
     */
    resume?: HostedAddress | null;
};
/** @typedef {import("./host.js").HostedAddress} HostedAddress */
/** @typedef {import("./host.js").Newcomer} Newcomer */
/**
 * @typedef {object} ListenOptions
 * @property {string | URL | import("./signaling-client.js").SignalingClient} server
 * @property {string} [accessKey] Needed if the server requires one to open channels. Used only if `server` is a URL.
 * @property {string} [key] For a new address, from `createKey`. Without it, a key is made.
 * @property {number} [ttl] How many seconds a new address should live. The server may grant fewer.
 * @property {() => RTCPeerConnection} newConnection Returns a connection for the next guest, with its data channels and
 *   tracks, and without a description.
 * @property {(connection: RTCPeerConnection, newcomer: Newcomer) => void} onPeer Called when a guest is connected.
 * @property {(address: HostedAddress) => void} [onLink] Called with each address that is opened or resumed. Keep it for
 *   `resume`, and create the link from it.
 * @property {(step: import("./connect.js").Step, detail: any) => void} [onProgress] Called at each step, for a timeline.
 * @property {AbortSignal} [signal] Ends listening. The connections of guests are not closed.
 * @property {HostedAddress | null} [resume] An earlier address to use again, instead of opening a new one.
 */
/**
 * Listen for guests until the signal is aborted, and then resolve. Reject if listening cannot continue.
 *
 * @param {ListenOptions} options
 * @returns {Promise<void>}
 */
export declare function listen(options: ListenOptions): Promise<void>;

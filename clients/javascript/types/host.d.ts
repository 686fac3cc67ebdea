/** The host's side of an address: a door for each guest, and a pointer to the door that is open at the moment. */
import { PeerpostError } from "./errors.js";
export type SignalingClient = import("./signaling-client.js").SignalingClient;
export type HostedAddress = {
    addressId: string;
    key: string;
    owner: string;
    ttl?: number;
};
export type Newcomer = {
    /**
     * The guest id.
     */
    guest: string;
    /**
     * The connection that this guest had before. Close it if it is no longer
     * needed.
     */
    replaces?: RTCPeerConnection;
};
/** @typedef {import("./signaling-client.js").SignalingClient} SignalingClient */
/**
 * An address as its host knows it. Nobody else may learn `owner`, the secret that is needed to write to it.
 *
 * @typedef {{ addressId: string, key: string, owner: string, ttl?: number }} HostedAddress
 */
/**
 * @typedef {object} Newcomer
 * @property {string} guest The guest id.
 * @property {RTCPeerConnection} [replaces] The connection that this guest had before. Close it if it is no longer
 *   needed.
 */
/** The server grants no channel that lives longer than usual, so there can be no address. */
export declare class NoAddressError extends PeerpostError {
    name: string;
}
export declare class Host {
    #private;
    /**
     * @param {SignalingClient} client
     * @param {import("./listen.js").ListenOptions} options
     */
    constructor(client: SignalingClient, options: import("./listen.js").ListenOptions);
    /** Open one door after another until the signal is aborted, or until listening cannot continue. */
    listen(): Promise<void>;
}

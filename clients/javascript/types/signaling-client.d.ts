/** A client for the server: one method for each method of the protocol, which returns the server's reply unchanged. */
export type Call = {
    /**
     * Ends the request. Its reason is thrown.
     */
    signal?: AbortSignal;
    /**
     * Lets the request outlive the page.
     */
    keepalive?: boolean;
};
export type Reading = {
    /**
     * The position of the first candidate wanted. The reply then has `items` and `next`.
     */
    since?: number;
    /**
     * Seconds for which the server may hold its reply until there is news.
     */
    wait?: number;
};
export type Later = {
    items?: string[];
    next?: number;
};
export type Owned = {
    owner?: string;
};
export type Asking = {
    iceServers?: boolean;
};
export type IceServers = {
    ice_servers?: RTCIceServer[];
};
/**
 * @typedef {object} Call
 * @property {AbortSignal} [signal] Ends the request. Its reason is thrown.
 * @property {boolean} [keepalive] Lets the request outlive the page.
 */
/**
 * @typedef {object} Reading
 * @property {number} [since] The position of the first candidate wanted. The reply then has `items` and `next`.
 * @property {number} [wait] Seconds for which the server may hold its reply until there is news.
 */
/**
 * @typedef {{ items?: string[], next?: number }} Later The candidates from `since` on, and the position after them. A
 *   server that does not know `since` returns neither.
 */
/**
 * @typedef {{ owner?: string }} Owned The secret of the channel's owner. Once a channel has one, every write to it
 *   needs the secret.
 */
/** @typedef {{ iceServers?: boolean }} Asking Whether the reply should contain the server's ICE servers. */
/** @typedef {{ ice_servers?: RTCIceServer[] }} IceServers Absent if not asked for or not configured. */
export declare class SignalingClient {
    #private;
    /**
     * @param {string | URL} url
     * @param {{ accessKey?: string, fetch?: typeof globalThis.fetch, patience?: number }} [options] `patience` is in
     *   seconds.
     */
    constructor(url: string | URL, { accessKey, fetch, patience }?: {
        accessKey?: string;
        fetch?: typeof globalThis.fetch;
        patience?: number;
    });
    /** Let the browser open its connection to the server before the first request. */
    preconnect(): void;
    /**
     * @param {{ offer?: string, candidates?: string[], ttl?: number } & Owned & Asking & Call} [options] `ttl` is how many
     *   seconds the channel should live.
     * @returns {Promise<{ channel_id: string, ttl?: number } & IceServers>} `ttl` is how many seconds the server grants. A
     *   server that does not know the field returns none, and ignores `owner`, too.
     */
    createDataChannel(options?: {
        offer?: string;
        candidates?: string[];
        ttl?: number;
    } & Owned & Asking & Call): Promise<{
        channel_id: string;
        ttl?: number;
    } & IceServers>;
    /**
     * @param {string} channelId
     * @param {string} offer
     * @param {{ candidates?: string[] } & Owned & Call} [options]
     * @returns {Promise<{}>}
     */
    createOffer(channelId: string, offer: string, options?: {
        candidates?: string[];
    } & Owned & Call): Promise<{}>;
    /**
     * @param {string} channelId
     * @param {Reading & Asking & Call} [options]
     * @returns {Promise<{ offer: string } & Later & IceServers>}
     */
    getOffer(channelId: string, options?: Reading & Asking & Call): Promise<{
        offer: string;
    } & Later & IceServers>;
    /**
     * The first answer wins.
     *
     * @param {string} channelId
     * @param {string} answer
     * @param {{ candidates?: string[] } & Owned & Call} [options]
     * @returns {Promise<{}>}
     */
    createAnswer(channelId: string, answer: string, options?: {
        candidates?: string[];
    } & Owned & Call): Promise<{}>;
    /**
     * @param {string} channelId
     * @param {Reading & Call} [options]
     * @returns {Promise<{ answer: string } & Later>}
     */
    getAnswer(channelId: string, options?: Reading & Call): Promise<{
        answer: string;
    } & Later>;
    /**
     * @param {string} channelId
     * @param {string | string[]} candidate One, or a list of at most 64.
     * @param {Pick<Reading, "since"> & Owned & Call} [options]
     * @returns {Promise<Later>}
     */
    createCandidate(channelId: string, candidate: string | string[], options?: Pick<Reading, "since"> & Owned & Call): Promise<Later>;
    /**
     * @param {string} channelId
     * @param {Reading & Call} [options]
     * @returns {Promise<{ items: string[], next?: number }>}
     */
    getCandidates(channelId: string, options?: Reading & Call): Promise<{
        items: string[];
        next?: number;
    }>;
    /**
     * Get new credentials for the ICE servers. `createDataChannel` and `getOffer` can return the first ones.
     *
     * @param {string} [channelId] May be left out only if the server requires access keys and the client has one.
     * @param {Call} [options]
     * @returns {Promise<{ ice_servers: RTCIceServer[] }>}
     */
    getIceServers(channelId?: string, options?: Call): Promise<{
        ice_servers: RTCIceServer[];
    }>;
    /**
     * @param {string} channelId
     * @param {Owned & Call} [options]
     * @returns {Promise<{}>}
     */
    deleteDataChannel(channelId: string, options?: Owned & Call): Promise<{}>;
}
/**
 * @param {string | URL | SignalingClient} server
 * @param {string} [accessKey] For a server that is given by its URL.
 */
export declare function clientFor(server: string | URL | SignalingClient, accessKey?: string): SignalingClient;

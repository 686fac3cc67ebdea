/** The endpoint: one method for each method of the wire, whose replies are returned as they stand. */
export type Call = {
    /**
     * Ends the request; its reason is what the caller then gets.
     */
    signal?: AbortSignal;
    /**
     * Lets the request outlive the page.
     */
    keepalive?: boolean;
};
export type Reading = {
    /**
     * The position from which on candidates are wanted; the reply then has `items` and `next`.
     */
    since?: number;
    /**
     * Seconds for which the reply may be held until there is something to say.
     */
    wait?: number;
};
export type Later = {
    items?: string[];
    next?: number;
};
export type Asking = {
    iceServers?: boolean;
};
export type IceServers = {
    ice_servers?: RTCIceServer[];
};
/**
 * @typedef {object} Call
 * @property {AbortSignal} [signal] Ends the request; its reason is what the caller then gets.
 * @property {boolean} [keepalive] Lets the request outlive the page.
 */
/**
 * @typedef {object} Reading
 * @property {number} [since] The position from which on candidates are wanted; the reply then has `items` and `next`.
 * @property {number} [wait] Seconds for which the reply may be held until there is something to say.
 */
/** @typedef {{ items?: string[], next?: number }} Later A server that does not know `since` has neither. */
/** @typedef {{ iceServers?: boolean }} Asking Whether the reply is to have the server's ICE servers. */
/** @typedef {{ ice_servers?: RTCIceServer[] }} IceServers What is not asked for, or not configured, is not there. */
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
    /** Let the browser open the connection while the first request is still being made up. */
    preconnect(): void;
    /**
     * @param {{ offer?: string, candidates?: string[] } & Asking & Call} [options]
     * @returns {Promise<{ channel_id: string } & IceServers>}
     */
    createDataChannel(options?: {
        offer?: string;
        candidates?: string[];
    } & Asking & Call): Promise<{
        channel_id: string;
    } & IceServers>;
    /**
     * @param {string} channelId
     * @param {string} offer
     * @param {{ candidates?: string[] } & Call} [options]
     * @returns {Promise<{}>}
     */
    createOffer(channelId: string, offer: string, options?: {
        candidates?: string[];
    } & Call): Promise<{}>;
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
     * @param {{ candidates?: string[] } & Call} [options]
     * @returns {Promise<{}>}
     */
    createAnswer(channelId: string, answer: string, options?: {
        candidates?: string[];
    } & Call): Promise<{}>;
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
     * @param {Pick<Reading, "since"> & Call} [options]
     * @returns {Promise<Later>}
     */
    createCandidate(channelId: string, candidate: string | string[], options?: Pick<Reading, "since"> & Call): Promise<Later>;
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
     * Get new credentials. The first ones of a connection come along with its channel.
     *
     * @param {string} [channelId] Without it the access key is needed.
     * @param {Call} [options]
     * @returns {Promise<{ ice_servers: RTCIceServer[] }>}
     */
    getIceServers(channelId?: string, options?: Call): Promise<{
        ice_servers: RTCIceServer[];
    }>;
    /**
     * @param {string} channelId
     * @param {Call} [options]
     * @returns {Promise<{}>}
     */
    deleteDataChannel(channelId: string, options?: Call): Promise<{}>;
}

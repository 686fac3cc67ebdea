/** The client's errors: one class for each case in which a page may want to react differently. */
export declare class PeerpostError extends Error {
    name: string;
}
/** The server refused the request. The message is the server's. Asking again helps only if the message says "yet". */
export declare class RefusalError extends PeerpostError {
    name: string;
}
/** The server requires an access key to open a channel or to return its ICE servers. Ours is missing or unknown. */
export declare class AccessError extends RefusalError {
    name: string;
}
/** The server, or a proxy in front of it, is out of order or out of capacity. */
export declare class ServerError extends PeerpostError {
    status: number;
    retryAfter: number;
    name: string;
    /**
     * @param {string} message
     * @param {number} status
     * @param {number} retryAfter Seconds after which the server asks to be called again. 0 if it does not say.
     */
    constructor(message: string, status: number, retryAfter: number);
}
/** There was no reply, or it is not from a Peerpost server. A write may have succeeded. */
export declare class NetworkError extends PeerpostError {
    name: string;
}
/** The channel does not exist: it has expired, it was erased, or it never existed. */
export declare class ExpiredError extends RefusalError {
    name: string;
}
/** A description or candidate was not sealed with our key, or was sealed for another purpose. */
export declare class TamperedError extends PeerpostError {
    name: string;
}
/** Why there is no connection, in a short code and in a sentence. */
declare const REASONS: {
    closed: string;
    "host-away": string;
    "no-candidates": string;
    "no-relay": string;
    "no-stun": string;
    "strict-nats": string;
    unknown: string;
};
export type Reason = keyof typeof REASONS;
/** @typedef {keyof typeof REASONS} Reason */
/** ICE or DTLS could not reach the other peer, the page closed the connection, or the host of an address is away. */
export declare class UnreachableError extends PeerpostError {
    reason: "closed" | "host-away" | "no-candidates" | "no-relay" | "no-stun" | "strict-nats" | "unknown";
    name: string;
    /**
     * @param {Reason} reason
     * @param {ErrorOptions} [options]
     */
    constructor(reason: Reason, options?: ErrorOptions);
}
export {};

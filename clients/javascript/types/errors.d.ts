/** What can go wrong, one class for each way out. */
export declare class PeerpostError extends Error {
    name: string;
}
/** The server said no, and the message is its sentence. Sending the same again does not help, unless it says "yet". */
export declare class RefusalError extends PeerpostError {
    name: string;
}
/** The server opens channels, or tells its ICE servers, to holders of an access key alone, and ours is none or unknown. */
export declare class AccessError extends RefusalError {
    name: string;
}
/** The server, or what stands in front of it, is out of order or out of capacity. */
export declare class ServerError extends PeerpostError {
    status: number;
    retryAfter: number;
    name: string;
    /**
     * @param {string} message
     * @param {number} status
     * @param {number} retryAfter Seconds after which the server wishes to be asked again; 0 when it does not say.
     */
    constructor(message: string, status: number, retryAfter: number);
}
/** No reply: the request, or the reply to it, is lost. A write may have taken effect. */
export declare class NetworkError extends PeerpostError {
    name: string;
}
/** The channel is no more: its time is up, or it was erased, or it has never been. */
export declare class ExpiredError extends RefusalError {
    name: string;
}
/** A description or candidate was not sealed with our key, for its place. */
export declare class TamperedError extends PeerpostError {
    name: string;
}
/** The peers know each other, but ICE or DTLS found no way between them. */
export declare class UnreachableError extends PeerpostError {
    name: string;
}

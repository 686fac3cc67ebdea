/** One attempt to connect one RTCPeerConnection to the other peer, through one channel. */
export type ExchangeOptions = import("./exchange.js").ExchangeOptions;
export type Parts = import("./exchange.js").Parts;
/** @typedef {import("./exchange.js").ExchangeOptions} ExchangeOptions */
/** @typedef {import("./exchange.js").Parts} Parts */
/**
 * Resolve once connected. If that fails, reject with the error: the caller must then close the RTCPeerConnection.
 *
 * @param {Omit<Parts, "end">} parts
 * @param {ExchangeOptions & { signal?: AbortSignal }} options
 * @returns {Promise<void>}
 */
export declare function attempt(parts: Omit<Parts, "end">, options: ExchangeOptions & {
    signal?: AbortSignal;
}): Promise<void>;

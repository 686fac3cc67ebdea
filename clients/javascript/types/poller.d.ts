/** Requests that do not give up at the first fault, and reads that wait for the other peer. */
export type Parts = import("./exchange.js").Parts;
export type Call = {
    signal: AbortSignal;
};
export type Read = Call & {
    since: number;
    wait: number;
};
/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {{ signal: AbortSignal }} Call */
/** @typedef {Call & { since: number, wait: number }} Read */
export declare class Poller {
    #private;
    /** How many of the channel's candidates have been read. */
    since: number;
    /** @param {Pick<Parts, "end" | "report"> & Partial<Parts>} parts */
    constructor(parts: Pick<Parts, "end" | "report"> & Partial<Parts>);
    /**
     * Make a request, and repeat it while the server or the network fails. Throw the error if there is no point in
     * repeating it, or after too many tries.
     *
     * @template T
     * @param {(call: Call) => Promise<T>} request
     * @returns {Promise<T>}
     */
    persist<T>(request: (call: Call) => Promise<T>): Promise<T>;
    /**
     * Make a read, when it is time for it. The server may hold it while news is likely.
     *
     * @template T
     * @param {(read: Read) => Promise<T>} get
     * @returns {Promise<T>}
     */
    read<T>(get: (read: Read) => Promise<T>): Promise<T>;
    /**
     * Read until the other peer has written.
     *
     * @template T
     * @param {string} notYet The server's refusal while the other peer has not written.
     * @param {(read: Read) => Promise<T>} get
     * @returns {Promise<T>}
     */
    until<T>(notYet: string, get: (read: Read) => Promise<T>): Promise<T>;
    /** The other peer is there: the next read may be held again, and needs no pause before it. */
    hadNews(): void;
}

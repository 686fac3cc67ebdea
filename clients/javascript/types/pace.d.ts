/** How long to wait before asking again. */
export declare const WAIT_SECONDS = 20;
export declare const HELD_MS = 500;
export declare const HOLD_FOR_MS = 10000;
export declare const POLL_MS: readonly [150, 1000];
/** Pauses that grow, and vary, so that peers that failed together do not return together. */
export declare class Backoff {
    #private;
    /**
     * @param {number} first Milliseconds.
     * @param {number} most
     */
    constructor(first: number, most: number);
    next(): number;
    reset(): void;
}
/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends it early; its reason is thrown.
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal): Promise<void>;

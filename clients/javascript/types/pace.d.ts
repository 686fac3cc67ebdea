/** How long to wait before asking again. */
export type Pace = {
    /**
     * When there was news of another peer, as a time of `performance.now()`. Before there is
     * any, this is when it was first asked for.
     */
    lastNews?: number;
};
/**
 * What it depends on how often to read.
 *
 * @typedef {object} Pace
 * @property {number} [lastNews] When there was news of another peer, as a time of `performance.now()`. Before there is
 *   any, this is when it was first asked for.
 */
/**
 * Return the milliseconds from one poll to the next: the longer there was no news, the more.
 *
 * @param {number} quietMs For how long there was none.
 */
export declare function pollInterval(quietMs: number): number;
/**
 * Return a function that returns the length of the next pause. Pauses grow, and vary, so that peers that failed at the
 * same moment do not come back at the same moment.
 *
 * @param {number} first Milliseconds.
 * @param {number} most Milliseconds.
 */
export declare function backoff(first: number, most: number): () => number;
/**
 * Return a random length near this one, so that peers that do the same at the same moment do not go on doing so.
 *
 * @param {number} milliseconds
 */
export declare function varied(milliseconds: number): number;
/**
 * Pause, but not longer than until the browser is online again: what has failed before may succeed then.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends the pause early. Its reason is thrown.
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal): Promise<void>;

/** How long to wait before asking again. */
export type Pace = {
    /**
     * A time of `performance.now()`.
     */
    lastNews: number;
    /**
     * How many milliseconds to add to a pause.
     */
    extraMs: number;
};
/**
 * How often to read: this depends on when there was news of another peer.
 *
 * @typedef {object} Pace
 * @property {number} lastNews A time of `performance.now()`.
 * @property {number} extraMs How many milliseconds to add to a pause.
 */
/**
 * Return a function that returns the length of the next pause. Pauses grow, and vary, so that peers that failed at the
 * same moment do not come back at the same moment.
 *
 * @param {number} first Milliseconds.
 * @param {number} most Milliseconds.
 */
export declare function backoff(first: number, most: number): () => number;
/**
 * Pause, but not longer than until the browser is online again: what has failed before may succeed then.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends the pause early. Its reason is thrown.
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal): Promise<void>;

/** How long to wait before asking again. */
/** How often to read: this depends on when there was news of another peer. */
export declare class Pace {
    lastNews: number;
    /** How many milliseconds to add to a pause. */
    get extraMs(): number;
}
/**
 * Return a function that returns the length of the next pause. Pauses grow, and vary, so that peers that failed at the
 * same moment do not come back at the same moment.
 *
 * @param {number} first Milliseconds.
 * @param {number} most Milliseconds.
 */
export declare function backoff(first: number, most: number): () => number;
/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends the pause early. Its reason is thrown.
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal): Promise<void>;

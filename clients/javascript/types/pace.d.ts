/** How long to wait before asking again. */
/**
 * Return a function that returns the length of the next pause. Pauses grow, and vary, so that peers that failed together
 * do not return together.
 *
 * @param {number} first Milliseconds.
 * @param {number} most Milliseconds.
 */
export declare function backoff(first: number, most: number): () => number;
/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends it early; its reason is thrown.
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal): Promise<void>;

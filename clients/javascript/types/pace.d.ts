/** How long to wait before asking again. */
export type Pace = {
    /**
     * When the last news of another peer arrived, as a time of `performance.now()`. Before
     * any news, this is the time of the first read.
     */
    lastNews?: number;
};
/**
 * Determines how often to read.
 *
 * @typedef {object} Pace
 * @property {number} [lastNews] When the last news of another peer arrived, as a time of `performance.now()`. Before
 *   any news, this is the time of the first read.
 */
/**
 * Return the milliseconds from one poll to the next. They increase with the time since the last news.
 *
 * @param {number} quietMs The time since the last news.
 */
export declare function pollInterval(quietMs: number): number;
/**
 * Return a function that returns the length of the next pause. Pauses grow. They also vary randomly, so that peers that
 * failed at the same moment do not come back at the same moment.
 *
 * @param {number} first Milliseconds.
 * @param {number} most Milliseconds.
 */
export declare function backoff(first: number, most: number): () => number;
/**
 * Return a random length, up to a quarter shorter or longer, so that peers do not keep sending their requests at the
 * same moments.
 *
 * @param {number} milliseconds
 */
export declare function varied(milliseconds: number): number;
/**
 * Pause. The pause ends early when an event is fired. By default, that event says that the browser is online again: a
 * request that failed before may succeed then.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends the pause early. Its reason is thrown.
 * @param {Partial<EventTarget>} [target] What fires the event.
 * @param {string} [event]
 * @returns {Promise<void>}
 */
export declare function pause(milliseconds: number, signal: AbortSignal, target?: Partial<EventTarget>, event?: string): Promise<void>;

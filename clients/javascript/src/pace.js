/** How long to wait before asking again. */

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
export function backoff(first, most) {
  let next = first;
  return () => {
    const pause = next;
    next = Math.min(pause * 1.6, most);
    return pause * (0.75 + Math.random() / 2);
  };
}

/**
 * Pause, but not longer than until the browser is online again: what has failed before may succeed then.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends the pause early. Its reason is thrown.
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const over = new AbortController();
    const timer = setTimeout(end, milliseconds);
    const listening = { signal: over.signal };
    signal.addEventListener("abort", end, listening);
    // There is no such event in Node.
    globalThis.addEventListener?.("online", end, listening);
    function end() {
      clearTimeout(timer);
      over.abort();
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

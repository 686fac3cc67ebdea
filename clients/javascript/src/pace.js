/** How long to wait before asking again. */

import { FIRST_POLL_MS, OFTEN_FOR_MS, OFTEN_MS, POLL_GROWTH, RARELY_AFTER_MS, RARELY_MS, SOMETIMES_MS } from "./limits.js";

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
export function pollInterval(quietMs) {
  const longest = quietMs < OFTEN_FOR_MS ? OFTEN_MS : quietMs < RARELY_AFTER_MS ? SOMETIMES_MS : RARELY_MS;
  return varied(Math.min(FIRST_POLL_MS + POLL_GROWTH * quietMs, longest));
}

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
    return varied(pause);
  };
}

/**
 * Return a random length near this one, so that peers that do the same at the same moment do not go on doing so.
 *
 * @param {number} milliseconds
 */
export function varied(milliseconds) {
  return milliseconds * (0.75 + Math.random() / 2);
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

/** How long to wait before asking again. */

import { FIRST_POLL_MS, OFTEN_FOR_MS, OFTEN_MS, POLL_GROWTH, RARELY_AFTER_MS, RARELY_MS, SOMETIMES_MS } from "./limits.js";

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
export function pollInterval(quietMs) {
  const longest = quietMs < OFTEN_FOR_MS ? OFTEN_MS : quietMs < RARELY_AFTER_MS ? SOMETIMES_MS : RARELY_MS;
  return varied(Math.min(FIRST_POLL_MS + POLL_GROWTH * quietMs, longest));
}

/**
 * Return a function that returns the length of the next pause. Pauses grow. They also vary randomly, so that peers that
 * failed at the same moment do not come back at the same moment.
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
 * Return a random length, up to a quarter shorter or longer, so that peers do not keep sending their requests at the
 * same moments.
 *
 * @param {number} milliseconds
 */
export function varied(milliseconds) {
  return milliseconds * (0.75 + Math.random() / 2);
}

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
export function pause(milliseconds, signal, target = globalThis, event = "online") {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const over = new AbortController();
    const timer = setTimeout(end, milliseconds);
    const listening = { signal: over.signal };
    signal.addEventListener("abort", end, listening);
    // In Node, `globalThis` fires no events.
    target.addEventListener?.(event, end, listening);
    function end() {
      clearTimeout(timer);
      over.abort();
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

/** How long to wait before asking again. */

// One held read. The server cuts it to its own maximum; what stands in between ends a silent request after 30 s.
export const WAIT_SECONDS = 20;
// A reply that says "not yet" sooner than this was not held, and is not asked for again without a pause.
export const HELD_MS = 500;
// Reads are held while the other peer is expected. Who has not come by then comes in minutes, and polls cost less: a
// held second costs its operator as much as seven of them, and takes one of the function's environments.
export const HOLD_FOR_MS = 10_000;
// Two peers are often ready at once, so the first pause is short; two people with a link need minutes, so it grows.
export const POLL_MS = /** @type {const} */ ([150, 1000]);

/** Pauses that grow, and vary, so that peers that failed together do not return together. */
export class Backoff {
  #first;
  #most;
  #next;

  /**
   * @param {number} first Milliseconds.
   * @param {number} most
   */
  constructor(first, most) {
    this.#first = this.#next = first;
    this.#most = most;
  }

  next() {
    const pause = this.#next;
    this.#next = Math.min(pause * 1.6, this.#most);
    return pause * (0.75 + Math.random() / 2);
  }

  reset() {
    this.#next = this.#first;
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal Ends it early; its reason is thrown.
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener("abort", stop);
  });
}

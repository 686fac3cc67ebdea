/** How long to wait before asking again. */

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

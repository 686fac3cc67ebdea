/**
 * Sends requests while somebody waits to be connected again. While the network is gone, a request may be lost silently,
 * and the browser does not always report when the network is back. So each request is sent again every few seconds, and
 * the first reply counts.
 */

import { EAGER_MS } from "./limits.js";

export class EagerFetch {
  /** Whether somebody waits to be connected again. */
  isEager = false;
  #fetch;

  /** @param {typeof globalThis.fetch} fetch */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /** @type {typeof globalThis.fetch} */
  fetch = (input, init = {}) => {
    const { signal } = init;
    // Without a signal, a request could be sent again for ever.
    return this.isEager && signal ? this.#sendAgainAndAgain(input, init, signal) : this.#fetch(input, init);
  };

  /**
   * The client's requests may safely arrive more than once. The client itself waits longer between its attempts, so that
   * it does not overload a server that has failed.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} init
   * @param {AbortSignal} signal
   * @returns {Promise<Response>}
   */
  #sendAgainAndAgain(input, init, signal) {
    /** @type {Set<AbortController>} */
    const underWay = new Set();
    const over = new AbortController();
    return new Promise((resolve, reject) => {
      const send = async () => {
        const end = new AbortController();
        underWay.add(end);
        try {
          const response = await this.#fetch(input, { ...init, signal: AbortSignal.any([signal, end.signal]) });
          underWay.delete(end);
          resolve(response);
          over.abort();
        } catch {
          underWay.delete(end); // The next attempt may get a reply.
        }
      };
      const timer = setInterval(send, EAGER_MS);
      globalThis.addEventListener?.("online", send, { signal: over.signal });
      signal.addEventListener("abort", () => over.abort(), { signal: over.signal });
      over.signal.addEventListener("abort", () => {
        clearInterval(timer);
        underWay.forEach((end) => end.abort());
        reject(signal.reason); // This has no effect if there was a reply.
      });
      send();
    });
  }
}

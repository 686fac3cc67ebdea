/** Requests that do not give up at the first fault, and reads that wait for the other peer. */

import { endIfClosed } from "./ending.js";
import { NetworkError, RefusalError, ServerError } from "./errors.js";
import {
  CHANNEL_TTL_SECONDS,
  HOLD_AFTER_NEWS_MS,
  HOLD_AT_FIRST_MS,
  MAX_TRIES,
  MAX_TRIES_AT_FIRST,
  MAX_TRIES_BUSY,
  RETRY_MS,
} from "./limits.js";
import { backoff, pause, pollInterval } from "./pace.js";
import { says } from "./reply.js";

/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {{ signal: AbortSignal }} Call */
/** @typedef {Call & { since: number, wait: number }} Read */

export class Poller {
  /** How many of the channel's candidates have been read. */
  since = 0;
  #parts;
  #pace;
  /** How long after the last news the server may still hold a read. 0 if it has no capacity for that. */
  #holdMs = HOLD_AT_FIRST_MS;
  /** When it is time for the next read, as a time of `performance.now()`. */
  #nextAt = 0;
  /** Whether the server has shown that it is there, by a reply or by saying that it is busy. */
  #isThere;

  /** @param {Pick<Parts, "end" | "report"> & Partial<Parts>} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? {};
    this.#isThere = Boolean(parts.isThere);
  }

  /**
   * Make a request, and repeat it while the server or the network fails. Throw the error if there is no point in
   * repeating it, or after too many tries.
   *
   * @template T
   * @param {(call: Call) => Promise<T>} request
   * @returns {Promise<T>}
   */
  async persist(request) {
    const { peerConnection, end, report } = this.#parts;
    const { signal } = end;
    const pauses = backoff(...RETRY_MS);
    for (let tries = 1; ; tries++) {
      endIfClosed(peerConnection, end);
      signal.throwIfAborted();
      report("request");
      try {
        const reply = await request({ signal });
        this.#isThere = true;
        return reply;
      } catch (error) {
        const delay = this.#delayAfter(error, tries, pauses);
        report("retry", { error, delay });
        await pause(delay, signal);
      }
    }
  }

  /**
   * Make a read, when it is time for it. The server may hold it while news is likely.
   *
   * @template T
   * @param {(read: Read) => Promise<T>} get
   * @returns {Promise<T>}
   */
  async read(get) {
    const early = this.#nextAt - performance.now();
    if (early > 0) await pause(early, this.#parts.end.signal);
    const lastNews = (this.#pace.lastNews ??= performance.now());
    let began = 0;
    try {
      return await this.persist((call) => {
        began = performance.now();
        return get({ ...call, since: this.since, wait: Math.max(0, lastNews + this.#holdMs - began) / 1000 });
      });
    } finally {
      const ended = performance.now();
      const interval = pollInterval(ended - lastNews);
      // If the read took longer than the interval, the server held it, and looked for news until it replied. Otherwise,
      // the server looked only when the read began.
      this.#nextAt = (ended - began > interval ? ended : began) + interval;
    }
  }

  /**
   * Read until the other peer has written.
   *
   * @template T
   * @param {string} notYet The server's refusal while the other peer has not written.
   * @param {(read: Read) => Promise<T>} get
   * @returns {Promise<T>}
   */
  async until(notYet, get) {
    for (;;) {
      try {
        const reply = await this.read(get);
        this.hadNews();
        return reply;
      } catch (error) {
        if (!says(error, notYet)) throw error;
      }
    }
  }

  /** The other peer is there: the next read may be held again, and needs no pause before it. */
  hadNews() {
    this.#pace.lastNews = performance.now();
    this.#nextAt = 0;
    this.#holdMs &&= HOLD_AFTER_NEWS_MS;
  }

  /**
   * Return the milliseconds to wait before the next try. Throw the error if there is to be no next try.
   *
   * @param {unknown} error
   * @param {number} tries How many were made so far.
   * @param {() => number} pauses
   */
  #delayAfter(error, tries, pauses) {
    const isServerError = error instanceof ServerError;
    const retryAfter = isServerError ? error.retryAfter : 0;
    const isBusy = retryAfter > 0 || (isServerError && error.status === 429);
    this.#isThere ||= isBusy || error instanceof RefusalError;
    if (!isServerError && !(error instanceof NetworkError)) throw error;
    // If a platform in front of the server refuses a request, its refusal may have no CORS headers, and the page cannot
    // see it. So a server that has replied before, and does not reply now, is treated like one that is busy.
    const mayBeBusy = isBusy || (this.#isThere && !isServerError);
    const maxTries = this.#isThere ? MAX_TRIES : MAX_TRIES_AT_FIRST;
    if (tries >= (mayBeBusy ? MAX_TRIES_BUSY : maxTries)) throw error;
    // If we waited for longer than a channel lives, the channel would have expired.
    if (retryAfter > CHANNEL_TTL_SECONDS) throw error;
    // A held read occupies capacity that a busy server lacks. A single lost request does not mean that it is busy.
    if (isServerError || (mayBeBusy && tries > 1)) this.#holdMs = 0;
    // Wait for as long as the server asks, and a little longer, so that not all clients come back at the same moment.
    return pauses() + retryAfter * 1000;
  }
}

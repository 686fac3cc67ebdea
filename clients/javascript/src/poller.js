/** Requests that do not give up at the first fault, and reads that wait for the other peer. */

import { endIfClosed } from "./ending.js";
import { NetworkError, RefusalError, ServerError } from "./errors.js";
import {
  CHANNEL_TTL_SECONDS,
  HELD_MS,
  HOLD_FOR_MS,
  MAX_TRIES,
  MAX_TRIES_AT_FIRST,
  MAX_TRIES_BUSY,
  POLL_MS,
  RETRY_MS,
  WAIT_SECONDS,
} from "./limits.js";
import { backoff, pause } from "./pace.js";
import { says } from "./reply.js";

/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {{ signal: AbortSignal }} Call */
/** @typedef {Call & { since: number, wait: number }} Read */

export class Poller {
  /** How many of the channel's candidates have been read. */
  since = 0;
  #parts;
  /** How long the server may hold a read. */
  #wait = WAIT_SECONDS;
  #pace;
  #pauses = backoff(...POLL_MS);
  #needsPause = false;
  /** Whether the server has shown that it is there, by a reply or by saying that it is busy. */
  #isThere;

  /** @param {Pick<Parts, "end" | "report"> & Partial<Parts>} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? { lastNews: performance.now(), extraMs: 0 };
    this.#isThere = Boolean(parts.isThere);
  }

  /**
   * Make a request again until its reply is not a fault.
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
   * Make a read, which the server may hold until there is news. If the last one was not held, and there was no news,
   * pause first.
   *
   * @template T
   * @param {(read: Read) => Promise<T>} get
   * @returns {Promise<T>}
   */
  async read(get) {
    if (this.#needsPause) await pause(this.#pauses() + this.#pace.extraMs, this.#parts.end.signal);
    else this.#pauses = backoff(...POLL_MS);
    let began = 0;
    try {
      return await this.persist((call) => {
        began = performance.now();
        const isExpected = began - this.#pace.lastNews < HOLD_FOR_MS;
        return get({ ...call, since: this.since, wait: isExpected ? this.#wait : 0 });
      });
    } finally {
      this.#needsPause = performance.now() - began < HELD_MS;
    }
  }

  /**
   * Read until the other peer has written.
   *
   * @template T
   * @param {string} notYet The server's refusal while the other peer has not written.
   * @param {(read: Read) => Promise<T>} get
   * @param {() => Promise<void>} [between] Done after each read that found nothing.
   * @returns {Promise<T>}
   */
  async until(notYet, get, between) {
    for (;;) {
      try {
        const reply = await this.read(get);
        this.hadNews();
        return reply;
      } catch (error) {
        if (!says(error, notYet)) throw error;
      }
      await between?.();
    }
  }

  /** The other peer is there: the next read may be held again, and needs no pause before it. */
  hadNews() {
    this.#pace.lastNews = performance.now();
    this.#needsPause = false;
  }

  /**
   * Return the milliseconds to wait before the next try. Throw the error if there is to be none.
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
    // A platform in front of the server may refuse requests without the CORS headers that let a page see the refusal.
    // So a server that has replied before, and does not reply now, is treated like one that is busy.
    const mayBeBusy = isBusy || (this.#isThere && !isServerError);
    const maxTries = this.#isThere ? MAX_TRIES : MAX_TRIES_AT_FIRST;
    if (tries >= (mayBeBusy ? MAX_TRIES_BUSY : maxTries)) throw error;
    // By then the channel has expired, and there is nothing left to ask for.
    if (retryAfter > CHANNEL_TTL_SECONDS) throw error;
    // A held read occupies capacity that a busy server lacks. A single lost request does not mean that it is busy.
    if (isServerError || (mayBeBusy && tries > 1)) this.#wait = 0;
    // Wait for as long as the server asks, and a little longer, so that not all clients come back at the same moment.
    return pauses() + retryAfter * 1000;
  }
}

/** The endpoint: one method for each method of the wire, whose replies are returned as they stand. */

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError } from "./errors.js";

/**
 * @typedef {object} Call
 * @property {AbortSignal} [signal] Ends the request; its reason is what the caller then gets.
 * @property {boolean} [keepalive] Lets the request outlive the page.
 */

/**
 * @typedef {object} Reading
 * @property {number} [since] The position from which on candidates are wanted; the reply then has `items` and `next`.
 * @property {number} [wait] Seconds for which the reply may be held until there is something to say.
 */

/** @typedef {{ items?: string[], next?: number }} Later A server that does not know `since` has neither. */

/** @typedef {{ iceServers?: boolean }} Asking Whether the reply is to have the server's ICE servers. */
/** @typedef {{ ice_servers?: RTCIceServer[] }} IceServers What is not asked for, or not configured, is not there. */

// What a request may take beyond the time for which it is held: a cold start, and the way.
const PATIENCE_SECONDS = 15;
// What a function URL sends at most. Whoever sends more means harm, and is not read to the end.
const MAX_REPLY_BYTES = 6_291_456;
// What of a refusal fits into one sentence: a proxy may answer with a whole page.
const MAX_SENTENCE = 200;

export class SignalingClient {
  #url;
  #fetch;
  #patience;
  #headers;

  /**
   * @param {string | URL} url
   * @param {{ accessKey?: string, fetch?: typeof globalThis.fetch, patience?: number }} [options] `patience` is in
   *   seconds.
   */
  constructor(url, { accessKey, fetch = globalThis.fetch, patience = PATIENCE_SECONDS } = {}) {
    this.#url = url;
    this.#fetch = fetch;
    this.#patience = patience;
    // Here, where it throws what no header can hold, and not at each try of a request.
    this.#headers = accessKey ? new Headers({ Authorization: `Bearer ${accessKey}` }) : undefined;
  }

  /** Let the browser open the connection while the first request is still being made up. */
  preconnect() {
    if (this.#fetch !== globalThis.fetch || !globalThis.document) return;
    const link = document.createElement("link");
    // Without credentials, as our requests are: the browser keeps such connections apart.
    Object.assign(link, { rel: "preconnect", href: String(this.#url), crossOrigin: "anonymous" });
    document.head.append(link);
    link.remove();
  }

  /**
   * @param {{ offer?: string, candidates?: string[] } & Asking & Call} [options]
   * @returns {Promise<{ channel_id: string } & IceServers>}
   */
  createDataChannel({ offer, candidates, iceServers, ...call } = {}) {
    return this.#call({ method: "create_data_channel", offer, candidates, ice_servers: iceServers }, call);
  }

  /**
   * @param {string} channelId
   * @param {string} offer
   * @param {{ candidates?: string[] } & Call} [options]
   * @returns {Promise<{}>}
   */
  createOffer(channelId, offer, { candidates, ...call } = {}) {
    return this.#call({ method: "create_offer", channel_id: channelId, offer, candidates }, call);
  }

  /**
   * @param {string} channelId
   * @param {Reading & Asking & Call} [options]
   * @returns {Promise<{ offer: string } & Later & IceServers>}
   */
  getOffer(channelId, { since, wait, iceServers, ...call } = {}) {
    return this.#call({ method: "get_offer", channel_id: channelId, since, wait, ice_servers: iceServers }, call);
  }

  /**
   * The first answer wins.
   *
   * @param {string} channelId
   * @param {string} answer
   * @param {{ candidates?: string[] } & Call} [options]
   * @returns {Promise<{}>}
   */
  createAnswer(channelId, answer, { candidates, ...call } = {}) {
    return this.#call({ method: "create_answer", channel_id: channelId, answer, candidates }, call);
  }

  /**
   * @param {string} channelId
   * @param {Reading & Call} [options]
   * @returns {Promise<{ answer: string } & Later>}
   */
  getAnswer(channelId, { since, wait, ...call } = {}) {
    return this.#call({ method: "get_answer", channel_id: channelId, since, wait }, call);
  }

  /**
   * @param {string} channelId
   * @param {string | string[]} candidate One, or at most 64.
   * @param {Pick<Reading, "since"> & Call} [options]
   * @returns {Promise<Later>}
   */
  createCandidate(channelId, candidate, { since, ...call } = {}) {
    const field = Array.isArray(candidate) ? "candidates" : "candidate";
    return this.#call({ method: "create_candidate", channel_id: channelId, [field]: candidate, since }, call);
  }

  /**
   * @param {string} channelId
   * @param {Reading & Call} [options]
   * @returns {Promise<{ items: string[], next?: number }>}
   */
  getCandidates(channelId, { since, wait, ...call } = {}) {
    return this.#call({ method: "get_candidates", channel_id: channelId, since, wait }, call);
  }

  /**
   * For new credentials; those of a connection come along with its channel.
   *
   * @param {string} [channelId] Without it the access key is needed.
   * @param {Call} [call]
   * @returns {Promise<{ ice_servers: RTCIceServer[] }>}
   */
  getIceServers(channelId, call = {}) {
    return this.#call({ method: "get_ice_servers", channel_id: channelId }, call);
  }

  /**
   * @param {string} channelId
   * @param {Call} [call]
   * @returns {Promise<{}>}
   */
  deleteDataChannel(channelId, call = {}) {
    return this.#call({ method: "delete_data_channel", channel_id: channelId }, call);
  }

  /**
   * @param {Record<string, unknown>} request
   * @param {Call} call
   * @returns {Promise<any>}
   */
  async #call(request, { signal, keepalive }) {
    const timeout = AbortSignal.timeout(Math.ceil((this.#patience + Number(request.wait ?? 0)) * 1000));
    const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const fetch = this.#fetch; // The browser's own refuses to be called as a method of ours.
    let response, text;
    try {
      // A string is sent as text/plain, which, without any header of ours, needs no preflight.
      response = await fetch(this.#url, {
        method: "POST",
        body: JSON.stringify(request),
        cache: "no-store",
        credentials: "omit",
        // Who has a channel needs no access key, and is spared the preflight that this header asks for.
        headers: request.channel_id ? undefined : this.#headers,
        keepalive,
        redirect: "error", // It would take the offer to whom nobody has named.
        signal: ending,
      });
      text = await textOf(response);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new NetworkError(`no reply of ${this.#url}`, { cause });
    }
    const { status } = response;
    // A sentence of ours is plain text; what stands in front of the server, or in its place, says other things.
    const isSentence = response.headers.get("Content-Type")?.startsWith("text/plain");
    const sentence = isSentence ? text.slice(0, MAX_SENTENCE) : `${this.#url} replied ${status}`;
    if (status === 429 || status >= 500) {
      throw new ServerError(sentence, status, seconds(response.headers.get("Retry-After")));
    }
    if (status === 401) throw new AccessError(sentence);
    if (!response.ok) throw new (text === "no such channel" ? ExpiredError : RefusalError)(sentence);
    try {
      const reply = JSON.parse(text);
      if (Object(reply) !== reply) throw new TypeError("no object");
      return reply;
    } catch (cause) {
      throw new NetworkError("the reply is not of Peerpost", { cause });
    }
  }
}

/** @param {Response} response */
async function textOf({ body }) {
  const decoder = new TextDecoder();
  const reader = body?.getReader();
  let text = "";
  for (let size = 0; ; ) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) return text + decoder.decode();
    size += value.length;
    if (size > MAX_REPLY_BYTES) {
      await reader?.cancel();
      throw new RangeError("too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @param {string | null} retryAfter A number of seconds, or a date (RFC 9110, section 10.2.3). */
function seconds(retryAfter) {
  const wish = Number(retryAfter);
  return Math.max(0, Number.isNaN(wish) ? (Date.parse(String(retryAfter)) - Date.now()) / 1000 : wish) || 0;
}

/** A client for the server: one method for each method of the protocol, which returns the server's reply unchanged. */

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError } from "./errors.js";
import { MAX_REPLY_BYTES, MAX_SENTENCE, PATIENCE_SECONDS } from "./limits.js";
import { foreign } from "./reply.js";
import { NO_SUCH_CHANNEL } from "./sentences.js";

/**
 * @typedef {object} Call
 * @property {AbortSignal} [signal] Ends the request. Its reason is thrown.
 * @property {boolean} [keepalive] Lets the request outlive the page.
 */

/**
 * @typedef {object} Reading
 * @property {number} [since] The position of the first candidate wanted. The reply then has `items` and `next`.
 * @property {number} [wait] Seconds for which the server may hold its reply until there is news.
 */

/**
 * @typedef {{ items?: string[], next?: number }} Later The candidates from `since` on, and the position after them. A
 *   server that does not know `since` returns neither.
 */

/**
 * @typedef {{ owner?: string }} Owned The secret of the channel's owner. Once a channel has one, every write to it
 *   needs the secret.
 */

/** @typedef {{ iceServers?: boolean }} Asking Whether the reply should contain the server's ICE servers. */
/** @typedef {{ ice_servers?: RTCIceServer[] }} IceServers Absent if not asked for or not configured. */

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
    // A Request resolves a relative URL, and refuses one with a user name or password, which no browser would send.
    this.#url = new Request(url).url.split("#")[0];
    this.#fetch = fetch;
    this.#patience = patience;
    // The headers are made here, so that an access key that is invalid in a header throws at once, not at each request.
    this.#headers = accessKey ? new Headers({ Authorization: `Bearer ${accessKey}` }) : undefined;
  }

  /** Let the browser open its connection to the server before the first request. */
  preconnect() {
    if (this.#fetch !== globalThis.fetch || !globalThis.document) return;
    const link = document.createElement("link");
    // The empty value means "anonymous", as our requests are: the browser does not share connections between requests
    // with and without cookies.
    Object.assign(link, { rel: "preconnect", href: this.#url, crossOrigin: "" });
    document.head.append(link);
    link.remove();
  }

  /**
   * @param {{ offer?: string, candidates?: string[], ttl?: number } & Owned & Asking & Call} [options] `ttl` is how many
   *   seconds the channel should live.
   * @returns {Promise<{ channel_id: string, ttl?: number } & IceServers>} `ttl` is how many seconds the server grants. A
   *   server that does not know the field returns none, and ignores `owner`, too.
   */
  createDataChannel(options = {}) {
    return this.#call("create_data_channel", options);
  }

  /**
   * @param {string} channelId
   * @param {string} offer
   * @param {{ candidates?: string[] } & Owned & Call} [options]
   * @returns {Promise<{}>}
   */
  createOffer(channelId, offer, options) {
    return this.#call("create_offer", { channelId, offer, ...options });
  }

  /**
   * @param {string} channelId
   * @param {Reading & Asking & Call} [options]
   * @returns {Promise<{ offer: string } & Later & IceServers>}
   */
  getOffer(channelId, options) {
    return this.#call("get_offer", { channelId, ...options });
  }

  /**
   * The first answer wins.
   *
   * @param {string} channelId
   * @param {string} answer
   * @param {{ candidates?: string[] } & Owned & Call} [options]
   * @returns {Promise<{}>}
   */
  createAnswer(channelId, answer, options) {
    return this.#call("create_answer", { channelId, answer, ...options });
  }

  /**
   * @param {string} channelId
   * @param {Reading & Call} [options]
   * @returns {Promise<{ answer: string } & Later>}
   */
  getAnswer(channelId, options) {
    return this.#call("get_answer", { channelId, ...options });
  }

  /**
   * @param {string} channelId
   * @param {string | string[]} candidate One, or a list of at most 64.
   * @param {Pick<Reading, "since"> & Owned & Call} [options]
   * @returns {Promise<Later>}
   */
  createCandidate(channelId, candidate, options) {
    const field = Array.isArray(candidate) ? "candidates" : "candidate";
    return this.#call("create_candidate", { channelId, [field]: candidate, ...options });
  }

  /**
   * @param {string} channelId
   * @param {Reading & Call} [options]
   * @returns {Promise<{ items: string[], next?: number }>}
   */
  getCandidates(channelId, options) {
    return this.#call("get_candidates", { channelId, ...options });
  }

  /**
   * Get new credentials for the ICE servers. `createDataChannel` and `getOffer` can return the first ones.
   *
   * @param {string} [channelId] May be left out only if the server requires access keys and the client has one.
   * @param {Call} [options]
   * @returns {Promise<{ ice_servers: RTCIceServer[] }>}
   */
  getIceServers(channelId, options) {
    return this.#call("get_ice_servers", { channelId, ...options });
  }

  /**
   * @param {string} channelId
   * @param {Owned & Call} [options]
   * @returns {Promise<{}>}
   */
  deleteDataChannel(channelId, options) {
    return this.#call("delete_data_channel", { channelId, ...options });
  }

  /**
   * @param {string} method
   * @param {{ channelId?: string } & Reading & Asking & Call & Record<string, unknown>} options The request's fields,
   *   and options for this call.
   * @returns {Promise<any>}
   */
  async #call(method, { signal, keepalive, channelId, iceServers, ...fields }) {
    const timeout = AbortSignal.timeout(Math.ceil((this.#patience + (fields.wait ?? 0)) * 1000));
    const fetch = this.#fetch; // The browser's `fetch` cannot be called as a method of another object.
    const ending = signal ? AbortSignal.any([signal, timeout]) : timeout;
    let response, text;
    try {
      response = await fetch(this.#url, {
        method: "POST",
        // A string is sent as text/plain, which needs no preflight as long as we add no header.
        body: JSON.stringify({ method, channel_id: channelId, ...fields, ice_servers: iceServers }),
        cache: "no-store",
        credentials: "omit",
        // A peer that has a channel needs no access key. Sending one anyway would cause a preflight.
        headers: channelId ? undefined : this.#headers,
        keepalive,
        redirect: "error", // Following a redirect would send the offer to a server that the page did not choose.
        signal: ending,
      });
      text = await textOf(response);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new NetworkError(`no reply from ${this.#url}`, { cause });
    }
    const { status } = response;
    // Peerpost's sentences are plain text. Proxies in front of the server, and other servers, often reply with HTML.
    const isSentence = response.headers.get("Content-Type")?.startsWith("text/plain");
    const sentence = isSentence ? text.slice(0, MAX_SENTENCE) : `${this.#url} replied ${status}`;
    if (status === 429 || status >= 500) {
      throw new ServerError(sentence, status, seconds(response.headers.get("Retry-After")));
    }
    if (status === 401) throw new AccessError(sentence);
    if (!response.ok) throw new (text === NO_SUCH_CHANNEL ? ExpiredError : RefusalError)(sentence);
    try {
      const reply = JSON.parse(text);
      if (Object(reply) !== reply) throw foreign();
      return reply;
    } catch (cause) {
      throw foreign(cause);
    }
  }
}

/**
 * @param {string | URL | SignalingClient} server
 * @param {string} [accessKey] For a server that is given by its URL.
 */
export function clientFor(server, accessKey) {
  return server instanceof SignalingClient ? server : new SignalingClient(server, { accessKey });
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
      throw new RangeError("the reply is too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @param {string | null} retryAfter A number of seconds, or a date (RFC 9110, section 10.2.3). */
function seconds(retryAfter) {
  const number = Number(retryAfter);
  return number >= 0 ? number : Math.max(0, (Date.parse(String(retryAfter)) - Date.now()) / 1000 || 0);
}

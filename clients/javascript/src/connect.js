/** One peer's side of a connection: from an RTCPeerConnection to two that talk directly. */

import { ExpiredError, NetworkError, RefusalError, ServerError, UnreachableError } from "./errors.js";
import { addIceServers } from "./ice-servers.js";
import { Negotiation } from "./negotiation.js";
import { Backoff, HELD_MS, HOLD_FOR_MS, pause, POLL_MS, WAIT_SECONDS } from "./pace.js";
import { sealerOf } from "./sealer.js";
import { SignalingClient } from "./signaling-client.js";

/**
 * @typedef {"request" | "retry" | "channel" | "offer-sent" | "offer-received" | "answer-sent" | "answer-received"
 *   | "candidates-sent" | "candidates-received" | "candidate-skipped" | "ice-server-skipped" | "connected"
 *   | "renegotiated" | "negotiation-failed"} Step
 */

/**
 * @typedef {object} Options
 * @property {string | URL | SignalingClient} server
 * @property {string} [accessKey] What a server may ask of who opens a channel; for a `server` that is a URL.
 * @property {string} [channelId] The channel to answer in; without it this peer opens one, and offers.
 * @property {import("./sealer.js").Key} [key] Seals everything; the other peer needs the same one.
 * @property {AbortSignal} [signal] Ends it at once.
 * @property {(channelId: string) => void} [onChannel] Told the id of the channel that was opened.
 * @property {(step: Step, detail: any) => void} [onProgress] Told each step, for a timeline.
 */

/** @typedef {"offer" | "answer"} Kind */
/** @typedef {import("./signaling-client.js").Call} Call */
/** @typedef {import("./signaling-client.js").Reading & Call} Read */
/** @typedef {import("./signaling-client.js").Later} Later */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */

// The server's: a channel lives this long, and holds such candidates, so many of them in a request.
const CHANNEL_TTL_SECONDS = 300;
const MAX_CANDIDATE_BYTES = 425;
const MAX_CANDIDATES = 800;
const MAX_BATCH = 64;

const RETRY_MS = /** @type {const} */ ([250, 8000]);
// A server that has never replied is more likely a typing error than an outage: 2 s. Another may be restarting: 30 s.
const MAX_FAILURES_AT_FIRST = 4;
const MAX_FAILURES = 8;
// One that has too many requests, or says when to come back, serves when others are done: two minutes.
const MAX_FAILURES_BUSY = 20;

// A browser has its first candidate after 4 ms, and those of other interfaces right after it. Whoever has none by the
// second time relies on servers, which answer later, or never: the end of gathering is not waited for.
const QUIET_MS = 7;
const GATHERING_MS = 200;
// Candidates that servers find come one after another, and go together.
const BATCH_MS = 20;
// With ICE servers there are late candidates, and a peer that is not connected by now needs them. Without, there are
// none as a rule, and a read for them is wasted on peers that are about to connect.
const LATE_MS = 50;
const UNLIKELY_MS = 2000;
// Our own candidates would wake a read that is held already, so they are written first if they come within this time.
const OWN_MS = 250;
// New candidates are tried out before others are asked for: a check, and DTLS, each there and back.
const SETTLE_MS = 300;
// How soon it is noticed that the owner has closed the connection, where nothing else happens any more.
const CLOSED_MS = 1000;

/**
 * Connect to the peer that has, or will have, the same channel.
 *
 * Resolves once connected, and throws what went wrong otherwise; closing the RTCPeerConnection is up to the caller.
 *
 * @param {RTCPeerConnection} peerConnection With its data channels and tracks, but without a description.
 * @param {Options} options
 * @returns {Promise<void>}
 */
export async function connect(peerConnection, options) {
  return new Exchange(peerConnection, options).run();
}

class Exchange {
  #peerConnection;
  #options;
  #client;
  #channelId;
  #negotiation;
  /** @type {import("./sealer.js").Envelope | undefined} */
  #sealer;
  #end = new AbortController();
  #signal = this.#end.signal;
  /** @type {RTCIceCandidate[]} Found, and not yet sent. */
  #found = [];
  /** The description whose ICE was restarted, with candidates that nobody wants any more. */
  #past = "";
  /** @type {Set<string>} The candidates of the channel that need no adding, ours among them. */
  #known = new Set();
  #taken = -Infinity;
  #written = false;
  #trickling = false;
  /** @type {(error: unknown) => void} Set by `run`. */
  #fail = () => {};
  /** @type {boolean | undefined} Whether the server knows `since`, and with it lists; unknown until a reply tells. */
  #modern;
  #since = 0;
  #wait = WAIT_SECONDS;
  #news = performance.now();
  #replied = false;

  /**
   * @param {RTCPeerConnection} peerConnection
   * @param {Options} options
   */
  constructor(peerConnection, options) {
    const { server, accessKey, channelId } = options;
    this.#peerConnection = peerConnection;
    this.#options = options;
    this.#client = server instanceof SignalingClient ? server : new SignalingClient(server, { accessKey });
    this.#channelId = channelId;
    this.#negotiation = new Negotiation(peerConnection, Boolean(channelId), (step, detail) =>
      this.#report(step, detail),
    );
  }

  /** @returns {Promise<void>} */
  run() {
    const peerConnection = this.#peerConnection;
    const { signal, channelId } = this.#options;
    const ending = { signal: this.#signal };
    return new Promise((resolve, reject) => {
      const fail = (this.#fail = (/** @type {unknown} */ error) => {
        if (this.#signal.aborted) return;
        this.#negotiation.stop();
        finish(error);
        reject(error);
      });
      /** @param {unknown} reason */
      const finish = (reason) => {
        this.#end.abort(reason);
        clearTimeout(expiry);
        // Whoever opened the channel erases it, and with it ends the other's held read. It expires by itself, too.
        if (!channelId && this.#channelId) {
          this.#client.deleteDataChannel(this.#channelId, { keepalive: true }).catch(() => {});
        }
      };
      const expiry = setTimeout(() => fail(new ExpiredError("nobody came in time")), CHANNEL_TTL_SECONDS * 1000);

      const follow = () => {
        if (peerConnection.connectionState === "failed") fail(new UnreachableError("no way to the other peer"));
        if (peerConnection.connectionState !== "connected") return;
        finish("connected");
        resolve(); // First: what is told of it may throw.
        this.#negotiation.keep(this.#found);
        this.#report("connected");
      };
      const abort = () => fail(signal?.reason);

      peerConnection.addEventListener("connectionstatechange", follow, ending);
      peerConnection.addEventListener("icecandidate", ({ candidate }) => this.#find(candidate), ending);
      signal?.addEventListener("abort", abort, ending);
      if (signal?.aborted) abort();
      else this.#exchange().catch(fail);
    });
  }

  async #exchange() {
    this.#sealer = await sealerOf(this.#options.key);
    if (this.#channelId) await this.#answer(this.#channelId);
    else await this.#offer();
  }

  async #offer() {
    this.#client.preconnect();
    let offer = await this.#describe("offer");
    // Where the reply is lost there is a channel more that nobody knows, and that expires.
    const channel = await this.#persist((call) => this.#client.createDataChannel({ offer, iceServers: true, ...call }));
    const channelId = (this.#channelId = textual(channel.channel_id));
    this.#report("channel", { channelId });
    if (this.#adopt(channel)) {
      // Nobody knows the channel yet, so nobody has read the offer that this one takes the place of.
      offer = await this.#restart();
      await this.#persist((call) => this.#client.createOffer(channelId, offer, call));
    }
    this.#report("offer-sent");
    this.#options.onChannel?.(channelId);
    this.#trickle();
    const reply = await this.#until("answer", (read) => this.#client.getAnswer(channelId, read), offer);
    await this.#apply("answer", reply.answer);
    await this.#takeAll(reply);
  }

  /** @param {string} channelId */
  async #answer(channelId) {
    const reply = await this.#until("offer", (read) =>
      this.#client.getOffer(channelId, { ...read, iceServers: true }),
    );
    this.#adopt(reply);
    await this.#apply("offer", reply.offer);
    await this.#take(reply);
    const answer = await this.#describe("answer");
    await this.#sendAnswer(channelId, answer);
    this.#report("answer-sent");
    this.#trickle();
    await this.#takeAll();
  }

  /**
   * Use the server's ICE servers, and say whether it has any.
   *
   * @param {IceServers} reply
   */
  #adopt({ ice_servers: servers = [] }) {
    if (!Array.isArray(servers)) throw foreign();
    addIceServers(this.#peerConnection, servers, (error) => this.#report("ice-server-skipped", { error }));
    return servers.length > 0;
  }

  /** Make another offer, with candidates of other ICE servers. */
  #restart() {
    this.#past = /** @type {RTCSessionDescription} */ (this.#peerConnection.localDescription).sdp;
    this.#found = [];
    this.#peerConnection.restartIce();
    return this.#describe("offer");
  }

  /**
   * Make a description, with the candidates of the first milliseconds in it.
   *
   * @param {Kind} kind
   */
  async #describe(kind) {
    const peerConnection = this.#peerConnection;
    await peerConnection.setLocalDescription();
    const latest = performance.now() + GATHERING_MS;
    for (let known = -1; known < this.#found.length || !known; ) {
      known = this.#found.length;
      // After a restart the state may still be that of the gathering before.
      if ((!this.#past && peerConnection.iceGatheringState === "complete") || performance.now() > latest) break;
      await pause(QUIET_MS, this.#signal);
    }
    this.#found = [];
    return this.#seal(/** @type {RTCSessionDescription} */ (peerConnection.localDescription).sdp, kind);
  }

  /**
   * @param {Kind} kind
   * @param {string} text
   */
  async #apply(kind, text) {
    const sdp = await this.#open(textual(text), kind);
    this.#report(`${kind}-received`);
    // What is added from now on is negotiated peer to peer. What was added before is what the offer has, or has not.
    if (kind === "answer") this.#negotiation.listen();
    await this.#peerConnection.setRemoteDescription({ type: kind, sdp });
    if (kind === "offer") this.#negotiation.listen();
  }

  /**
   * @param {string} channelId
   * @param {string} answer
   */
  async #sendAnswer(channelId, answer) {
    let tries = 0;
    try {
      await this.#persist((call) => (tries++, this.#client.createAnswer(channelId, answer, call)));
    } catch (error) {
      // An earlier try may have taken effect though its reply was lost; the browser makes some tries by itself.
      // Then the offerer may be connected by now, as far as it knows, and has erased the channel;
      if (error instanceof ExpiredError && tries > 1) return;
      if (!(error instanceof RefusalError) || error.message !== "answer already exists") throw error;
      // or the answer that is there is ours.
      const stored = await this.#persist((call) => this.#client.getAnswer(channelId, call)).catch((gone) => {
        if (!(gone instanceof ExpiredError) || tries === 1) throw gone; // Else it is as above.
      });
      if (stored && stored.answer !== answer) throw error;
    }
  }

  /**
   * Read until the other peer has written.
   *
   * @template {Later} T
   * @param {Kind} kind
   * @param {(read: Read) => Promise<T>} get
   * @param {string} [offer] Our own, which a server may have passed over.
   * @returns {Promise<T>}
   */
  async #until(kind, get, offer) {
    const polls = new Backoff(...POLL_MS);
    for (;;) {
      let asked = 0;
      try {
        const reply = await this.#persist(() => ((asked = performance.now()), get(this.#reading())));
        this.#modern = "next" in reply;
        this.#news = performance.now();
        return reply;
      } catch (error) {
        if (!(error instanceof RefusalError)) throw error;
        if (error.message !== `no ${kind} yet`) throw error;
      }
      // A server that ignores what it does not know says nothing of it, and has no offer.
      const held = performance.now() - asked >= HELD_MS;
      if (offer && this.#modern === undefined) await this.#probe(offer);
      if (held) polls.reset();
      else await pause(polls.next(), this.#signal);
    }
  }

  /** @param {string} offer */
  async #probe(offer) {
    const channelId = /** @type {string} */ (this.#channelId);
    const reply = await this.#persist((call) => this.#client.getCandidates(channelId, { since: 0, ...call }));
    this.#modern = "next" in reply;
    if (!this.#modern) await this.#persist((call) => this.#client.createOffer(channelId, offer, call));
  }

  /**
   * Take candidates until connected.
   *
   * @param {Later} [first] Those that came with the description.
   */
  async #takeAll(first) {
    if (first) await this.#take(first);
    const channelId = /** @type {string} */ (this.#channelId);
    const polls = new Backoff(...POLL_MS);
    const expected = this.#peerConnection.getConfiguration().iceServers?.length;
    await pause(expected ? LATE_MS : UNLIKELY_MS, this.#signal);
    for (const latest = performance.now() + OWN_MS; this.#hasMore() && performance.now() < latest; ) {
      await pause(BATCH_MS, this.#signal);
    }
    try {
      for (;;) {
        await pause(Math.max(0, this.#taken + SETTLE_MS - performance.now()), this.#signal);
        let asked = 0;
        const reply = await this.#persist(
          () => ((asked = performance.now()), this.#client.getCandidates(channelId, this.#reading())),
        );
        if ((await this.#take(reply)) || performance.now() - asked >= HELD_MS) polls.reset();
        else await pause(polls.next(), this.#signal);
      }
    } catch (error) {
      // The channel is gone: the other peer is connected, or has given up. ICE knows which.
      if (!(error instanceof RefusalError)) throw error;
    }
    for (;;) {
      await pause(CLOSED_MS, this.#signal);
      this.#throwIfClosed();
    }
  }

  /** Whether the first of our late candidates are still to be found, or to be written. */
  #hasMore() {
    return !this.#written && (this.#found.length > 0 || this.#peerConnection.iceGatheringState !== "complete");
  }

  /**
   * Add the other peer's candidates, once its description is set; say whether there were any, and more may follow.
   *
   * @param {Later} reply
   */
  async #take({ items = [], next }) {
    // Who tells of more than a channel holds has news for ever, and would be asked for ever.
    const position = next ?? items?.length;
    if (!Array.isArray(items) || items.length > MAX_CANDIDATES || !(position <= MAX_CANDIDATES)) throw foreign();
    const since = this.#since;
    if (this.#known.size > 2 * MAX_CANDIDATES) throw foreign(); // Others each time, at the same position.
    const fresh = (next === undefined ? items.slice(since) : items).filter((item) => !this.#known.has(item));
    this.#since = Math.max(since, position);
    if (fresh.length) this.#taken = this.#news = performance.now();
    for (const item of fresh) {
      this.#known.add(item);
      const text = await this.#openCandidate(item);
      if (text === undefined) continue;
      try {
        const candidate = JSON.parse(text);
        // An empty one says that there are no more (RFC 8838, section 8.2), which nobody waits for.
        if (candidate.candidate) await this.#peerConnection.addIceCandidate(candidate);
      } catch (error) {
        // Of one that no browser understands there is nothing to be had; the others may do.
        this.#report("candidate-skipped", { error });
      }
    }
    if (fresh.length) this.#report("candidates-received", { count: fresh.length });
    return fresh.length > 0 && position > since;
  }

  /**
   * @param {string} item
   * @returns {Promise<string | undefined>} Nothing, for one of ours, from before the page was reloaded.
   */
  async #openCandidate(item) {
    const [own, other] = this.#candidatePurposes();
    try {
      return await this.#open(item, other);
    } catch (error) {
      await this.#open(item, own).catch(() => Promise.reject(error));
    }
  }

  /** @returns {import("./sealer.js").Purpose[]} Of our candidates, and of the other peer's. */
  #candidatePurposes() {
    const purposes = /** @type {import("./sealer.js").Purpose[]} */ (["candidate offerer", "candidate answerer"]);
    return this.#options.channelId ? purposes.reverse() : purposes;
  }

  /** @param {RTCIceCandidate | null} candidate */
  #find(candidate) {
    // The end of candidates comes in two forms. An active TCP candidate (RFC 6544) is an address that nobody can call:
    // whom it calls learns of it by the call. Chromium finds these last, when all that matters has been sent.
    if (!candidate?.candidate || candidate.tcpType === "active") return;
    if (this.#past.includes(`a=ice-ufrag:${candidate.usernameFragment}\r\n`)) return;
    this.#found.push(candidate);
    this.#send();
  }

  /** From now on: a candidate that overtook its description would be useless to some peers. */
  #trickle() {
    this.#trickling = true;
    this.#send();
  }

  /** Send the late candidates, as many together as there are; what cannot be sent waits for the negotiation channel. */
  async #send() {
    if (!this.#trickling) return;
    this.#trickling = false;
    try {
      while (this.#found.length) {
        await pause(BATCH_MS, this.#signal);
        const batch = this.#found.slice(0, MAX_BATCH);
        const items = (await Promise.all(batch.map((each) => this.#encode(each)))).filter((item) => item !== undefined);
        if (items.length) await this.#write(items);
        this.#found.splice(0, batch.length);
        this.#written = true;
        this.#report("candidates-sent", { count: items.length });
      }
      this.#trickling = true;
    } catch (error) {
      if (error instanceof RefusalError) this.#report("candidate-skipped", { error });
      else this.#fail(error);
    }
  }

  /** @param {string[]} items */
  async #write(items) {
    const channelId = /** @type {string} */ (this.#channelId);
    items.forEach((item) => this.#known.add(item));
    if (this.#modern !== false) {
      try {
        const since = this.#since;
        const reply = await this.#persist((call) =>
          this.#client.createCandidate(channelId, items, { since, ...call }),
        );
        // Before that the description itself brings them.
        if (this.#peerConnection.remoteDescription) await this.#take(reply);
        return;
      } catch (error) {
        if (!(error instanceof RefusalError) || error.message !== "candidate is missing") throw error;
      }
    }
    for (const item of items) await this.#persist((call) => this.#client.createCandidate(channelId, item, call));
  }

  /**
   * Return a candidate as it is sent, with as much beside it as there is room for; nothing where it does not fit.
   *
   * @param {RTCIceCandidate} found
   */
  async #encode({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
    const place = { candidate, sdpMLineIndex };
    for (const init of [{ ...place, sdpMid, usernameFragment }, { ...place, sdpMid }, place]) {
      const item = await this.#seal(JSON.stringify(init), this.#candidatePurposes()[0]);
      if (item.length <= MAX_CANDIDATE_BYTES) return item;
    }
    this.#report("candidate-skipped", { candidate });
  }

  /**
   * Make a request again until it gets a reply that is no fault.
   *
   * @template T
   * @param {(call: Call) => Promise<T>} request
   * @returns {Promise<T>}
   */
  async #persist(request) {
    const retries = new Backoff(...RETRY_MS);
    for (let failures = 1; ; failures++) {
      this.#signal.throwIfAborted();
      this.#throwIfClosed();
      this.#report("request");
      try {
        const reply = await request({ signal: this.#signal });
        this.#replied = true;
        return reply;
      } catch (error) {
        this.#replied ||= error instanceof RefusalError;
        const busy = error instanceof ServerError;
        if (!busy && !(error instanceof NetworkError)) throw error;
        const allowed = this.#replied ? MAX_FAILURES : MAX_FAILURES_AT_FIRST;
        const isThere = busy && (error.status === 429 || error.retryAfter > 0);
        if (failures >= (isThere ? MAX_FAILURES_BUSY : allowed)) throw error;
        if (busy && error.retryAfter > CHANNEL_TTL_SECONDS) throw error; // By then there is nothing to ask for.
        if (busy) this.#wait = 0; // A held read occupies what the server lacks.
        // Never sooner than we are told, and not all at once at that moment.
        const delay = retries.next() + (busy ? error.retryAfter * 1000 : 0);
        this.#report("retry", { error, delay });
        await pause(delay, this.#signal);
      }
    }
  }

  /** Closing an RTCPeerConnection fires no event. */
  #throwIfClosed() {
    if (this.#peerConnection.signalingState === "closed") throw new UnreachableError("the connection is closed");
  }

  #reading() {
    const wait = performance.now() - this.#news < HOLD_FOR_MS ? this.#wait : 0;
    return { since: this.#since, wait, signal: this.#signal };
  }

  /**
   * @param {string} text
   * @param {import("./sealer.js").Purpose} purpose
   */
  #seal(text, purpose) {
    return /** @type {import("./sealer.js").Envelope} */ (this.#sealer).seal(text, purpose);
  }

  /**
   * @param {string} text
   * @param {import("./sealer.js").Purpose} purpose
   */
  #open(text, purpose) {
    return /** @type {import("./sealer.js").Envelope} */ (this.#sealer).open(text, purpose);
  }

  /**
   * @param {Step} step
   * @param {object} [detail]
   */
  #report(step, detail = {}) {
    this.#options.onProgress?.(step, detail);
  }
}

/** @param {unknown} text */
function textual(text) {
  if (typeof text === "string") return text;
  throw foreign();
}

function foreign() {
  return new NetworkError("the reply is not of Peerpost");
}

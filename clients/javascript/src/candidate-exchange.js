/** ICE candidates, in both directions: ours to the other peer, and theirs to our RTCPeerConnection (RFC 8838). */

import { endWith } from "./ending.js";
import { RefusalError } from "./errors.js";
import {
  BATCH_MS,
  GATHERING_MS,
  LATE_MS,
  MAX_BATCH,
  MAX_CANDIDATE_BYTES,
  MAX_CANDIDATES,
  OWN_MS,
  QUIET_MS,
  SETTLE_MS,
  UNLIKELY_MS,
} from "./limits.js";
import { pause } from "./pace.js";
import { foreign, says } from "./reply.js";
import { NO_CANDIDATE } from "./sentences.js";

/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {import("./poller.js").Poller} Poller */
/** @typedef {import("./sealer.js").Purpose} Purpose */
/** @typedef {import("./signaling-client.js").Later} Later */

export class CandidateExchange {
  /**
   * Whether the server takes and returns lists of candidates. Until a reply shows it, this is not known.
   *
   * @type {boolean | undefined}
   */
  knowsLists;
  /**
   * Our candidates that the server does not have yet.
   *
   * @type {RTCIceCandidate[]}
   */
  unsent = [];
  #parts;
  #poller;
  /** @type {Purpose} */
  #ours;
  /** @type {Purpose} */
  #theirs;
  #channelId = "";
  /** A description that another one has replaced. Its candidates are no longer needed. */
  #replaced = "";
  /** @type {Set<string>} Candidates in the channel that we need not add (again), such as our own. */
  #known = new Set();
  #lastAdded = -Infinity;
  #hasWritten = false;
  /** Whether candidates may be sent: our description is in the channel, and no earlier batch is being sent. */
  #maySend = false;

  /**
   * @param {boolean} isAnswerer
   * @param {Parts} parts
   * @param {Poller} poller
   */
  constructor(isAnswerer, parts, poller) {
    const { peerConnection, end } = parts;
    this.#parts = parts;
    this.#poller = poller;
    this.#ours = isAnswerer ? "candidate answerer" : "candidate offerer";
    this.#theirs = isAnswerer ? "candidate offerer" : "candidate answerer";
    peerConnection.addEventListener("icecandidate", ({ candidate }) => this.#find(candidate), { signal: end.signal });
  }

  /** Wait for the candidates that are found in the first milliseconds. They are then part of the description. */
  async gatherFirst() {
    const { peerConnection, end } = this.#parts;
    const latest = performance.now() + GATHERING_MS;
    for (let seen = -1; !seen || this.unsent.length > seen; ) {
      seen = this.unsent.length;
      // After an ICE restart, this may still be the state of the previous gathering.
      const isComplete = !this.#replaced && peerConnection.iceGatheringState === "complete";
      if (isComplete || performance.now() > latest) break;
      // The last of these events says that there are no more candidates.
      await pause(QUIET_MS, end.signal, peerConnection, "icecandidate");
    }
    this.unsent = [];
  }

  /** Gather candidates again, for a description that replaces the current one. */
  restart() {
    const { peerConnection } = this.#parts;
    this.#replaced = /** @type {RTCSessionDescription} */ (peerConnection.localDescription).sdp;
    this.unsent = [];
    peerConnection.restartIce();
  }

  /**
   * Send our candidates from now on. Some peers cannot use a candidate that arrives before its description.
   *
   * @param {string} channelId
   */
  trickle(channelId) {
    this.#channelId = channelId;
    this.#maySend = true;
    this.#send();
  }

  /** Read and add the other peer's candidates until the channel is gone. */
  async receive() {
    const { peerConnection, client, end } = this.#parts;
    const usesServers = peerConnection.getConfiguration().iceServers?.length;
    await pause(usesServers ? LATE_MS : UNLIKELY_MS, end.signal);
    const latest = performance.now() + OWN_MS;
    while (!this.#hasWritten && performance.now() < latest) {
      const isComplete = peerConnection.iceGatheringState === "complete";
      if (isComplete && !this.unsent.length) break;
      await pause(BATCH_MS, end.signal);
    }
    try {
      for (;;) {
        await pause(Math.max(0, this.#lastAdded + SETTLE_MS - performance.now()), end.signal);
        const reply = await this.#poller.read((read) => client.getCandidates(this.#channelId, read));
        await this.add(reply);
      }
    } catch (error) {
      // The channel is gone: the other peer is connected, or has given up. ICE finds out which.
      if (!(error instanceof RefusalError)) throw error;
    }
  }

  /**
   * Add the other peer's candidates. Call this only when its description is set.
   *
   * @param {Later} reply
   */
  async add({ items = [], next }) {
    if (!Array.isArray(items)) throw foreign();
    const position = typeof next === "number" ? next : items.length;
    // Without these checks, a faulty server could keep us asking for ever: by claiming more candidates than a channel
    // holds, or by returning different candidates each time at the same position.
    const isTooMuch = items.length > MAX_CANDIDATES || this.#known.size > 2 * MAX_CANDIDATES;
    if (isTooMuch || position > MAX_CANDIDATES) throw foreign();
    const { since } = this.#poller;
    this.knowsLists = next !== undefined;
    this.#poller.since = Math.max(since, position);
    const later = this.knowsLists ? items : items.slice(since);
    const fresh = later.filter((item) => !this.#known.has(item));
    if (!fresh.length) return;
    this.#lastAdded = performance.now();
    this.#poller.hadNews();
    for (const item of fresh) {
      this.#known.add(item);
      await this.#addOne(item);
    }
    this.#parts.report("candidates-received", { count: fresh.length });
  }

  /** @param {string} item */
  async #addOne(item) {
    const { peerConnection, report, sealer } = this.#parts;
    let text;
    try {
      text = await sealer.open(item, this.#theirs);
    } catch (error) {
      // It may be a candidate of our own, from before the page was reloaded.
      await sealer.open(item, this.#ours).catch(() => {
        throw error;
      });
      return;
    }
    try {
      const candidate = JSON.parse(text);
      // An empty candidate says that there are no more (RFC 8838, section 13). We do not need to know.
      if (candidate.candidate) await peerConnection.addIceCandidate(candidate);
    } catch (error) {
      // The browser does not understand this candidate. It may understand the others.
      report("candidate-skipped", { error });
    }
  }

  /** @param {RTCIceCandidate | null} candidate */
  #find(candidate) {
    // The end of candidates is reported in two forms: as null, and as an empty candidate. The other peer cannot connect
    // to an active TCP candidate (RFC 6544), so do not send it. Chromium gathers TCP candidates after all others, so
    // sending them would usually take an extra request.
    if (!candidate?.candidate || candidate.tcpType === "active") return;
    if (this.#replaced.includes(`a=ice-ufrag:${candidate.usernameFragment}\r\n`)) return;
    this.unsent.push(candidate);
    this.#send();
  }

  /** Send the late candidates, in batches. Those that cannot be sent stay in `unsent`, for the negotiation channel. */
  async #send() {
    if (!this.#maySend) return;
    this.#maySend = false;
    const { end, peerConnection, report } = this.#parts;
    try {
      while (this.unsent.length) {
        await pause(BATCH_MS, end.signal);
        const batch = this.unsent.slice(0, MAX_BATCH);
        const encoded = await Promise.all(batch.map((each) => this.#encode(each)));
        const items = encoded.filter((item) => item !== undefined);
        if (items.length) await this.#write(items);
        this.unsent.splice(0, batch.length);
        this.#hasWritten = true;
        report("candidates-sent", { count: items.length });
      }
      this.#maySend = true;
    } catch (error) {
      if (error instanceof RefusalError) report("candidate-skipped", { error });
      else endWith(peerConnection, end, error);
    }
  }

  /** @param {string[]} items */
  async #write(items) {
    const { client, peerConnection } = this.#parts;
    const { since } = this.#poller;
    /** @param {string | string[]} candidate */
    const write = (candidate) =>
      this.#poller.persist((call) => client.createCandidate(this.#channelId, candidate, { since, ...call }));
    for (const item of items) this.#known.add(item);
    try {
      if (this.knowsLists !== false) {
        const reply = await write(items);
        // Before the other peer's description is set, its candidates cannot be added. The reply that contains the
        // description contains them again.
        if (peerConnection.remoteDescription) await this.add(reply);
        return;
      }
    } catch (error) {
      if (!says(error, NO_CANDIDATE)) throw error;
    }
    for (const item of items) await write(item);
  }

  /**
   * Return a candidate as it is sent, with as many optional fields as fit. Return undefined if it does not fit at all.
   *
   * @param {RTCIceCandidate} found
   */
  async #encode({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
    const least = { candidate, sdpMLineIndex };
    for (const init of [{ ...least, sdpMid, usernameFragment }, { ...least, sdpMid }, least]) {
      const item = await this.#parts.sealer.seal(JSON.stringify(init), this.#ours);
      if (item.length <= MAX_CANDIDATE_BYTES) return item;
    }
    this.#parts.report("candidate-skipped", { candidate });
  }
}

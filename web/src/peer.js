/** One connection to another page: its data channels, and how it ends. */

import { Files } from "peerpost/files";
import { LeftError } from "./failure.js";
import { FAREWELL_MS, LOST_MS, MAX_EARLY } from "./limits.js";
import { parseNotice } from "./notices.js";
import { ICE } from "./steps.js";

/** @typedef {import("peerpost/files").OtherPeer} OtherPeer */
/** @typedef {import("./notices.js").Notice} Notice */

// Both peers use these ids, so that the data channels open without any negotiation. The ids of data channels that are
// opened by negotiation start at 0, and `connect` uses 255.
const MESSAGES_ID = 254;
const NOTICES_ID = 253;

/** A program other than this page may send no notices. Whatever it sends first counts as a `hello`. @type {Notice} */
const HELLO = { type: "hello" };

/**
 * @typedef {object} PeerOptions
 * @property {boolean} [canReturn] Whether the two pages can be connected again. If so, a connection that has failed is
 *   given up at once. Otherwise, it gets some time for an ICE restart.
 * @property {boolean} [isQuiet] Whether the candidates of this page are left out of the timeline.
 */

export class Peer {
  connection;
  messages;
  files;
  /** @type {((program: OtherPeer) => void) | undefined} */
  #onProgram;
  /** Resolves when the data channels for messages and notices are open. */
  opened;
  /**
   * Functions that show the messages and files that came before `release`. Undefined after that.
   *
   * @type {(() => void)[] | undefined}
   */
  #early = [];
  /** @type {(transfer: import("peerpost/files").Transfer) => void} */
  #onTransfer = () => {};
  #notices;
  /** @type {Notice[]} The notices that came before `listen`. */
  #unheard = [];
  /** @type {((notice: Notice) => void) | undefined} */
  #onNotice;
  #timeline;
  #options;
  #hasCounted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  #end = new AbortController();
  /** Aborted when the connection is over. */
  signal = this.#end.signal;
  /** @type {Promise<void>} Resolves when the connection is over. */
  over = new Promise((resolve) => this.signal.addEventListener("abort", () => resolve()));

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {import("./timeline.js").Timeline} timeline
   * @param {PeerOptions} [options]
   */
  constructor(iceServers, timeline, options = {}) {
    this.#timeline = timeline;
    this.#options = options;
    this.connection = new RTCPeerConnection({ iceServers });
    this.messages = this.#channel("messages", MESSAGES_ID);
    this.#notices = this.#channel("notices", NOTICES_ID);
    this.files = new Files(this.connection, {
      onTransfer: (transfer) => this.#whenReleased(() => this.#onTransfer(transfer)),
      onPeer: (other) => other.once && this.#followProgram(other),
    });
    this.opened = Promise.all([this.messages, this.#notices].map((channel) => this.#opened(channel)));
    const ending = { signal: this.signal };
    this.#notices.addEventListener("message", ({ data }) => this.#take(parseNotice(data)), ending);
    this.messages.addEventListener("message", ({ data }) => this.#keepMessage(data), ending);
    // If the other page is closed or reloaded, its data channels close at once.
    this.messages.addEventListener("close", () => this.close(), ending);
    this.opened.then(() => this.#begin()).catch(() => {}); // The session waits for `opened`, too, and handles the error.
    this.connection.addEventListener("iceconnectionstatechange", () => this.#follow(), ending);
    this.connection.addEventListener("icecandidate", ({ candidate }) => this.#found(candidate), ending);
    this.connection.addEventListener("signalingstatechange", () => this.#countCandidates(), ending);
  }

  /**
   * Call a function with each notice of the other page, including those that have already come.
   *
   * @param {(notice: Notice) => void} onNotice
   */
  listen(onNotice) {
    this.#onNotice = onNotice;
    this.#unheard.splice(0).forEach(onNotice);
  }

  /** @param {Notice} notice */
  tell(notice) {
    if (this.#notices.readyState === "open") this.#notices.send(JSON.stringify(notice));
  }

  /**
   * The two pages talk now: show the messages and files that have already come, and the files that come from now on. The
   * conversation must already listen for messages.
   *
   * @param {(transfer: import("peerpost/files").Transfer) => void} onTransfer Called with each file of the other person.
   */
  release(onTransfer) {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#onTransfer = onTransfer;
    early.forEach((show) => show());
  }

  /**
   * What is known about the other side, if it is a program that connects for one transfer.
   *
   * @returns {OtherPeer | undefined}
   */
  get program() {
    return this.files.peer.once ? this.files.peer : undefined;
  }

  /**
   * Call a function once it is known that the other side is a program that connects for one transfer.
   *
   * @param {(program: OtherPeer) => void} onProgram
   */
  meetProgram(onProgram) {
    if (this.program) onProgram(this.program);
    else this.#onProgram = onProgram;
  }

  /** End the connection at once. The other page cannot tell this from a reload. */
  close() {
    this.#finish();
    this.connection.close();
  }

  /**
   * Send the reason for the end. Then close the connection when the other page has closed it, or after FAREWELL_MS. A
   * program reads no notices, so its connection is closed at once.
   *
   * @param {Notice} notice
   */
  dismiss(notice) {
    if (this.program) return this.close();
    this.tell(notice);
    this.#finish();
    this.#notices.addEventListener("close", () => this.connection.close());
    setTimeout(() => this.connection.close(), FAREWELL_MS);
  }

  /** @param {OtherPeer} program */
  #followProgram(program) {
    this.#take(HELLO);
    if (!this.signal.aborted) this.#onProgram?.(program);
    this.#onProgram = undefined;
    // The program has received everything, and waits until we close the connection.
    if (program.receives && program.outcome === "done") this.close();
  }

  /** @param {unknown} data */
  #keepMessage(data) {
    if (this.#early) this.#whenReleased(() => this.messages.dispatchEvent(new MessageEvent("message", { data })));
  }

  /** @param {() => void} show */
  #whenReleased(show) {
    if (!this.#early) {
      show();
      return;
    }
    // A page sends nothing before it is let in. So this is another program, which may not know about notices.
    this.#take(HELLO);
    if (this.#early.length < MAX_EARLY) this.#early.push(show);
  }

  #finish() {
    clearTimeout(this.#patience);
    this.#end.abort();
  }

  /** @param {Notice | undefined} notice */
  #take(notice) {
    if (!notice) return;
    if (this.#onNotice) this.#onNotice(notice);
    else if (this.#unheard.length < MAX_EARLY) this.#unheard.push(notice);
  }

  /**
   * @param {string} label
   * @param {number} id
   */
  #channel(label, id) {
    return this.connection.createDataChannel(label, { negotiated: true, id });
  }

  /**
   * @param {RTCDataChannel} channel
   * @returns {Promise<void>}
   */
  #opened(channel) {
    return new Promise((resolve, reject) => {
      channel.addEventListener("open", () => resolve());
      this.signal.addEventListener("abort", () => reject(new LeftError("the other person has left")));
    });
  }

  #begin() {
    this.#timeline.add("Data channels open", "good");
    // Until now, the client itself has watched for a connection that fails.
    this.connection.addEventListener("connectionstatechange", () => this.#watch(), { signal: this.signal });
  }

  #watch() {
    const { connectionState } = this.connection;
    clearTimeout(this.#patience);
    if (connectionState === "closed" || (connectionState === "failed" && this.#options.canReturn)) this.close();
    else if (connectionState !== "connected") this.#patience = setTimeout(() => this.close(), LOST_MS);
  }

  /** @param {RTCIceCandidate | null} candidate */
  #found(candidate) {
    // The end-of-candidates mark has no type. Nobody can connect to an active TCP candidate (RFC 6544).
    if (this.#options.isQuiet || !candidate?.type || candidate.tcpType === "active") return;
    this.#timeline.add(`Candidate found: ${candidate.type}, ${candidate.protocol?.toUpperCase()}`);
  }

  /** Add the number of candidates in the other peer's first description to the timeline. */
  #countCandidates() {
    const { remoteDescription } = this.connection;
    if (!remoteDescription || this.#hasCounted) return;
    this.#hasCounted = true;
    const count = remoteDescription.sdp.match(/^a=candidate:/gm)?.length ?? 0;
    if (count) this.#timeline.add(`Candidates in the ${remoteDescription.type}: ${count}`);
  }

  #follow() {
    this.#timeline.add(...ICE[this.connection.iceConnectionState]);
  }
}

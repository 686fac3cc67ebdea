/**
 * The session of a guest, who has opened the link of an address. If the connection is lost, the guest's page connects
 * again, for as long as the address lives.
 */

import { SignalingClient, UnreachableError } from "peerpost";
import { createGuest, reconnect } from "peerpost/reconnect";
import { BusyError, FinishedError, HungUpError, LeftError, MovedError } from "./failure.js";
import { MAX_FAILED_DOORS, HELLO_MS } from "./limits.js";
import { remember } from "./memory.js";
import { takeOver } from "./only-tab.js";
import { Peer } from "./peer.js";
import { addStep } from "./steps.js";

/** @typedef {import("./failure.js").Phase} Phase */

// These reasons mean that the host was away. They do not count as failures, because the guest can simply wait.
const HOST_IS_AWAY = ["closed", "host-away"];

export class GuestSession {
  kind = /** @type {const} */ ("guest");
  /** @type {Phase} */
  phase = "read";
  #means;
  #client;
  #address;
  #memory;
  #stage;
  /** @type {Peer | undefined} The latest connection. */
  #peer;
  #hasJoined = false;
  /** How many attempts to connect have failed although the host was there. Each attempt uses one door of the host. */
  #failedDoors = 0;
  #expiry = Infinity;
  #end = new AbortController();

  /**
   * @param {import("./means.js").Means} means
   * @param {{ addressId: string, key: string }} address
   * @param {import("./memory.js").Memory} memory From before the page was reloaded.
   * @param {import("./stage.js").Stage} stage Shows what happens.
   */
  constructor(means, address, memory, stage) {
    this.#means = means;
    this.#address = address;
    this.#memory = memory;
    this.#stage = stage;
    this.#client = new SignalingClient(means.settings.server, means.clientOptions);
  }

  /**
   * Stay connected until the session ends. The promise never resolves: it rejects with the reason for the end.
   *
   * @returns {Promise<never>}
   */
  async run() {
    const { guest = createGuest() } = this.#memory;
    this.#remember({ guest });
    const { addressId } = this.#address;
    takeOver("guest", addressId, this.#end.signal, () => this.close(new MovedError("moved to another tab")));
    await reconnect({
      ...this.#address,
      server: this.#client,
      guest,
      newConnection: () => this.#newPeer().connection,
      onPeer: () => {}, // The host still has to let us in.
      onProgress: (step, detail) => this.#follow(step, detail),
      signal: this.#end.signal,
    });
    throw this.#end.signal.reason;
  }

  /** The user hangs up. They can still come back with the link. */
  leave() {
    this.#peer?.dismiss({ type: "goodbye" });
    // The end of the session must not close this connection, or our goodbye may not arrive. It closes by itself.
    this.#peer = undefined;
    this.#end.abort(new HungUpError("hung up"));
  }

  /** The page is closed or reloaded. */
  hide() {
    this.close(new HungUpError("hidden"));
  }

  /** @param {unknown} reason */
  close(reason) {
    this.#end.abort(reason);
    this.#peer?.close();
  }

  #newPeer() {
    const { settings, timeline } = this.#means;
    const peer = new Peer(settings.iceServers, timeline, { canReturn: true });
    this.#peer = peer;
    peer.listen((notice) => this.#take(peer, notice));
    peer.opened.then(() => this.#knock(peer)).catch(() => {}); // The client itself notices that the connection has ended.
    return peer;
  }

  /**
   * Ask the host to let us in.
   *
   * @param {Peer} peer
   */
  #knock(peer) {
    peer.tell({ type: "hello", token: this.#memory.token });
    // A host that is another program lets everyone in, and sends no notice.
    setTimeout(() => this.#join(peer), HELLO_MS);
  }

  /**
   * @param {Peer} peer
   * @param {import("./notices.js").Notice} notice
   */
  #take(peer, notice) {
    if (notice.type === "busy") return this.close(new BusyError("two people are talking"));
    if (notice.type === "goodbye") return this.close(new LeftError("the other person has left"));
    if (notice.type === "welcome") {
      this.#expiry = Date.now() + notice.seconds * 1000;
      this.#remember({ token: notice.token });
    }
    // The host's first message or file may arrive before its welcome. Peer then reports a `hello`, which also shows
    // that the host has let us in.
    this.#join(peer);
  }

  /**
   * The host has let us in: talk until the connection is over.
   *
   * @param {Peer} peer
   */
  async #join(peer) {
    if (this.phase === "talk" || peer.signal.aborted || this.#end.signal.aborted) return;
    const isAgain = this.#hasJoined || Boolean(this.#memory.wasConnected);
    this.#hasJoined = true;
    this.phase = "talk";
    this.#means.network.isEager = false;
    this.#remember({ wasConnected: true });
    this.#stage.join(peer, isAgain ? "again" : "first");
    await peer.over;
    // Coming back would begin the same transfer again.
    if (peer.program?.outcome) this.close(new FinishedError(peer.program));
    if (this.#end.signal.aborted) return;
    this.phase = "again";
    this.#means.network.isEager = true;
    this.#stage.lose(this.#expiry);
  }

  /**
   * @param {import("peerpost").Step} step
   * @param {any} detail
   */
  #follow(step, detail) {
    addStep(this.#means.timeline, step, detail);
    // The client may notice the end of the connection first, and close it. By the WebRTC specification, no event reports
    // that. Chromium and Firefox fire one nevertheless.
    if (step === "lost") this.#peer?.close();
    if (this.#hasJoined) return;
    if (step === "offer-received") {
      this.phase = "answer";
      this.#stage.reach();
    }
    if (step === "answer-sent") this.phase = "reach";
    if (step === "host-away") {
      this.#failedDoors = 0;
      this.#stage.waitForHost();
    }
    if (step === "door-failed") this.#countFailure(detail.error);
  }

  /**
   * Give up if the host is there, but connecting to it fails repeatedly.
   *
   * @param {unknown} error
   */
  #countFailure(error) {
    if (!(error instanceof UnreachableError) || HOST_IS_AWAY.includes(error.reason)) return;
    this.#failedDoors += 1;
    if (this.#failedDoors === MAX_FAILED_DOORS) this.close(error);
  }

  /** @param {import("./memory.js").Memory} change */
  #remember(change) {
    this.#memory = { ...this.#memory, ...change };
    remember(this.#memory);
  }
}

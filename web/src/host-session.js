/**
 * The session of a host, who has made the link. The link is an address: guest and host can come back to it for as long as
 * it lives. The host talks to one guest at a time.
 */

import { SignalingClient, UnreachableError } from "peerpost";
import { listen } from "peerpost/listen";
import { HungUpError, MovedError, REASONS } from "./failure.js";
import { HELLO_MS, LOST_MS, SLOW_MS } from "./limits.js";
import { remember } from "./memory.js";
import { takeOver } from "./only-tab.js";
import { Peer } from "./peer.js";
import { addStep } from "./steps.js";

/** @typedef {import("./failure.js").Phase} Phase */
/** @typedef {import("./memory.js").Memory} Memory */

// A door is the channel in which a host waits for its next guest. A host opens one every two minutes, and another one for
// each guest. The timeline shows these steps of the first door only.
const STEPS_OF_A_DOOR = ["channel", "offer-sent", "candidates-sent"];

const NOTICES = {
  again: "Welcome back. The link you sent still works.",
  away: "Welcome back. The other person is not there at the moment. As soon as they return, you will be connected again.",
  replaced: "Your earlier link no longer works. Send this one instead.",
  left: "The other person has left. They can come back with the same link.",
  done: "The command-line program has received what you sent, and has left. The link still works.",
  program: "The command-line program has left. The link still works.",
};

export class HostSession {
  kind = /** @type {const} */ ("host");
  /** @type {Phase} */
  phase = "open";
  #means;
  #client;
  #stage;
  /** @type {Memory} */
  #memory;
  /** @type {WeakMap<RTCPeerConnection, Peer>} */
  #peers = new WeakMap();
  /** @type {Peer | undefined} The connection to our guest, while there is one. */
  #peer;
  /** Whether guests can reach us. */
  #isOpen = false;
  /** Whether we came back, and the server took so long that the page says so. */
  #isLate = false;
  /** The id of the address whose link was shown, or is known to our guest. */
  #knownId;
  #end = new AbortController();

  /**
   * @param {import("./means.js").Means} means
   * @param {Memory} memory From before the page was reloaded.
   * @param {import("./stage.js").Stage} stage Shows what happens.
   */
  constructor(means, memory, stage) {
    this.#means = means;
    this.#memory = memory;
    this.#knownId = memory.address?.addressId ?? "";
    this.#stage = stage;
    this.#client = new SignalingClient(means.settings.server, means.clientOptions);
  }

  /**
   * Wait for guests, and run until the session ends. The promise never resolves: it rejects with the reason for the end.
   *
   * @returns {Promise<never>}
   */
  async run() {
    if (this.#memory.address) this.#comeBack();
    try {
      await this.#listen();
    } catch (error) {
      // Nobody else can join any more, but a conversation does not need the server.
      while (this.#peer && !this.#peer.signal.aborted) await this.#peer.over;
      this.#end.signal.throwIfAborted();
      throw error;
    }
    throw this.#end.signal.reason;
  }

  /** The user leaves for good. This also ends the link, so that no guest waits for a host that does not come back. */
  leave() {
    const { addressId, owner } = this.#memory.address ?? {};
    this.#peer?.dismiss({ type: "goodbye" });
    // The end of the session must not close this connection, or our goodbye may not arrive. It closes by itself.
    this.#peer = undefined;
    if (addressId) this.#client.deleteDataChannel(addressId, { owner, keepalive: true }).catch(() => {});
    this.#remember({ address: undefined, token: undefined, wasConnected: undefined });
    this.#end.abort(new HungUpError("hung up"));
  }

  /** The page is closed or reloaded. It can come back. */
  hide() {
    this.close(new HungUpError("hidden"));
  }

  /** @param {unknown} reason */
  close(reason) {
    this.#end.abort(reason);
    this.#peer?.close();
  }

  /** Wait for guests until the session ends. */
  #listen() {
    return listen({
      server: this.#client,
      resume: this.#memory.address,
      newConnection: () => this.#newConnection(),
      onLink: (opened) => this.#use(opened),
      onPeer: (connection) => this.#receive(/** @type {Peer} */ (this.#peers.get(connection))),
      onProgress: (step, detail) => this.#follow(step, detail),
      signal: this.#end.signal,
    });
  }

  /** Begin after a reload. */
  #comeBack() {
    if (this.#memory.wasConnected) this.phase = "again";
    this.#stage.comeBack(this.phase === "again");
    setTimeout(() => {
      if (this.#end.signal.aborted || this.#peer) return;
      if (!this.#isOpen) this.#keepTrying();
      else if (this.phase === "again") this.#wait(NOTICES.away);
    }, SLOW_MS);
  }

  #keepTrying() {
    this.#isLate = true;
    this.#stage.keepTrying();
  }

  #newConnection() {
    const { settings, timeline } = this.#means;
    const peer = new Peer(settings.iceServers, timeline, { canReturn: true, isQuiet: this.#isOpen });
    this.#peers.set(peer.connection, peer);
    return peer.connection;
  }

  /** @param {import("peerpost/listen").HostedAddress} opened The earlier address, or a new one. */
  #use({ addressId, key, owner, ttl = 0 }) {
    takeOver("host", addressId, this.#end.signal, () => this.close(new MovedError("moved to another tab")));
    if (this.#memory.address?.addressId === addressId) return;
    this.#remember({ address: { addressId, key, owner, expiry: Date.now() + ttl * 1000 } });
  }

  /**
   * @param {import("peerpost").Step} step
   * @param {any} detail
   */
  #follow(step, detail) {
    if (!this.#isOpen || !STEPS_OF_A_DOOR.includes(step)) addStep(this.#means.timeline, step, detail);
    if (step === "pointer-sent") this.#open();
    if (step === "answer-received" && this.phase === "wait") {
      this.phase = "reach";
      this.#stage.reach();
    }
    if (step === "door-failed" && this.phase === "reach") {
      const { error } = detail;
      const reason = error instanceof UnreachableError ? REASONS[error.reason] : "";
      this.#wait(`Somebody opened your link, but the two browsers could not be connected. ${reason}`);
    }
  }

  /** Guests can reach us now. Show the link, unless it is known already and our guest may return at any moment. */
  #open() {
    this.#isOpen = true;
    const isNew = this.#memory.address?.addressId !== this.#knownId;
    if (this.phase === "open") this.#wait(this.#knownId ? NOTICES.again : "");
    else if (isNew && (this.phase === "wait" || this.phase === "again")) this.#wait("");
    else if (this.#isLate && this.phase === "again") this.#wait(NOTICES.away);
    this.#isLate = false;
  }

  /**
   * Show the link, and wait for a guest.
   *
   * @param {string} notice Why the link is shown again. Empty if there is nothing to explain.
   */
  #wait(notice) {
    const address = /** @type {import("./memory.js").Address} */ (this.#memory.address);
    const isReplaced = this.#knownId && this.#knownId !== address.addressId;
    this.phase = "wait";
    this.#means.network.isEager = false;
    this.#knownId = address.addressId;
    this.#stage.invite(address, isReplaced ? NOTICES.replaced : notice);
  }

  /**
   * Let a guest in, or send it away.
   *
   * @param {Peer} peer
   */
  async #receive(peer) {
    const patience = setTimeout(() => peer.close(), LOST_MS);
    try {
      await peer.opened;
    } catch {
      this.#waitAgain();
      return;
    } finally {
      clearTimeout(patience);
    }
    const token = await tokenOf(peer);
    const isOurs = Boolean(token) && token === this.#memory.token;
    if (this.#end.signal.aborted || peer.signal.aborted) {
      peer.close();
      this.#waitAgain();
    } else if (!this.#peer || isOurs) await this.#talk(peer, isOurs);
    else this.#refuse(peer);
  }

  /** A guest has left before we could talk to it. */
  #waitAgain() {
    if (this.phase === "reach" && !this.#end.signal.aborted) this.#wait("");
  }

  /**
   * Send a third person away.
   *
   * @param {Peer} peer
   */
  #refuse(peer) {
    peer.dismiss({ type: "busy" });
    this.#means.timeline.add("Somebody else opened your link. They were told that two people are talking");
  }

  /**
   * Talk to a guest until the connection is over.
   *
   * @param {Peer} peer
   * @param {boolean} isOurs Whether it is the guest that we talked to before.
   */
  async #talk(peer, isOurs) {
    const replaced = this.#peer;
    const { address, token: earlier } = this.#memory;
    const token = isOurs && earlier ? earlier : crypto.randomUUID();
    let hasLeft = false;
    this.#peer = peer;
    replaced?.close();
    this.phase = "talk";
    this.#means.network.isEager = false;
    this.#knownId = String(address?.addressId);
    this.#remember({ token, wasConnected: true });
    peer.listen(({ type }) => {
      if (type !== "goodbye") return;
      hasLeft = true;
      peer.close();
    });
    peer.tell({ type: "welcome", token, seconds: Math.round((Number(address?.expiry) - Date.now()) / 1000) });
    this.#stage.join(peer, isOurs ? "again" : earlier ? "another" : "first");
    await peer.over;
    // A program that came for one transfer does not come back.
    if (this.#peer !== peer || this.#end.signal.aborted) return;
    if (peer.program) this.#loseProgram(peer.program);
    else this.#lose(hasLeft);
  }

  /** @param {import("peerpost/files").OtherPeer} program */
  #loseProgram({ outcome }) {
    this.#peer = undefined;
    this.#means.timeline.add("The command-line program has left");
    this.#remember({ wasConnected: undefined });
    this.#wait(outcome === "done" ? NOTICES.done : NOTICES.program);
  }

  /** @param {boolean} hasLeft Whether our guest has left for good. */
  #lose(hasLeft) {
    this.#peer = undefined;
    this.#means.timeline.add(hasLeft ? "The other person has left" : "Connection lost", hasLeft ? "step" : "bad");
    if (hasLeft) this.#remember({ wasConnected: undefined });
    if (hasLeft || this.#knownId !== this.#memory.address?.addressId) {
      this.#wait(NOTICES.left);
    } else {
      this.phase = "again";
      this.#means.network.isEager = true;
      this.#stage.lose(this.#memory.address.expiry);
    }
  }

  /** @param {Memory} change */
  #remember(change) {
    this.#memory = { ...this.#memory, ...change };
    remember(this.#memory);
  }
}

/**
 * Return the token from a guest's first notice, or undefined if it has none.
 *
 * @param {Peer} peer
 * @returns {Promise<string | undefined>}
 */
function tokenOf(peer) {
  return new Promise((resolve) => {
    peer.listen((notice) => resolve(notice.type === "hello" ? notice.token : undefined));
    // A guest that is another program, and not this page, may send no notice.
    setTimeout(resolve, HELLO_MS);
    peer.over.then(() => resolve(undefined));
  });
}

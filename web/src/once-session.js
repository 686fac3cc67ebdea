/**
 * A session with a link for one guest: one connection, which cannot be made again. For servers that offer no addresses,
 * and for the links that such a server gave out.
 */

import { SignalingClient, connect, createKey } from "peerpost";
import { FinishedError, HungUpError, LeftError } from "./failure.js";
import { CHANNEL_TTL_SECONDS, TIME_UP_MS } from "./limits.js";
import { remember } from "./memory.js";
import { Peer } from "./peer.js";
import { ReturningClient } from "./returning-client.js";
import { addStep } from "./steps.js";

/** @typedef {import("./failure.js").Phase} Phase */
/** @typedef {import("./memory.js").Invitation} Invitation */
/** @typedef {import("./memory.js").Memory} Memory */

/** @type {Record<string, Phase>} */
const NEXT_PHASE = {
  channel: "wait",
  "offer-received": "answer",
  "answer-sent": "reach",
  "answer-received": "reach",
};

export class OnceSession {
  kind = /** @type {const} */ ("once");
  /** @type {Phase} */
  phase;
  #means;
  #meeting;
  #memory;
  #stage;
  #peer;
  #expiry = Infinity;
  #end = new AbortController();

  /**
   * @param {import("./means.js").Means} means
   * @param {{ channelId?: string, key?: string }} meeting What was in the link. Empty for the host, who makes the link.
   * @param {Memory} memory From before the page was reloaded.
   * @param {import("./stage.js").Stage} stage Shows what happens.
   */
  constructor(means, meeting, memory, stage) {
    this.#means = means;
    this.#meeting = meeting;
    this.#memory = memory;
    this.#stage = stage;
    this.phase = meeting.channelId ? "read" : "open";
    this.#peer = new Peer(means.settings.iceServers, means.timeline);
  }

  /**
   * Connect, and run until the session ends. The promise never resolves: it rejects with the reason for the end.
   *
   * @returns {Promise<never>}
   */
  async run() {
    await this.#connect();
    this.phase = "talk";
    remember({ wasConnected: true });
    this.#stage.join(this.#peer, "first");
    await this.#peer.over;
    this.#end.signal.throwIfAborted();
    const { program } = this.#peer;
    throw program?.outcome ? new FinishedError(program) : new LeftError("the other person has left");
  }

  /** Whether the link has expired. The server's clock may be a little ahead. */
  get isTimeUp() {
    return Date.now() > this.#expiry - TIME_UP_MS;
  }

  /** The user hangs up. */
  leave() {
    this.close(new HungUpError("hung up"));
  }

  /** The page is closed or reloaded. A link that waits for its guest stays valid, because this may be just a reload. */
  hide() {
    if (this.phase !== "wait") this.leave();
  }

  /** @param {unknown} reason */
  close(reason) {
    this.#end.abort(reason);
    this.#peer.close();
  }

  async #connect() {
    const { settings, timeline, clientOptions } = this.#means;
    const earlier = this.#memory.invitation;
    const returning = await this.#returning();
    const { channelId, key = channelId ? undefined : createKey() } = returning ? { key: earlier?.key } : this.#meeting;
    const expiry = returning ? Number(earlier?.expiry) : Date.now() + CHANNEL_TTL_SECONDS * 1000;
    await connect(this.#peer.connection, {
      server: returning ?? new SignalingClient(settings.server, clientOptions),
      channelId,
      key,
      signal: this.#end.signal,
      onChannel: (id) => {
        const invitation = { channelId: id, key: /** @type {string} */ (key), expiry };
        this.#expiry = expiry;
        remember({ invitation });
        this.#stage.inviteOnce(invitation, this.#notice(Boolean(returning)));
      },
      onProgress: (step, detail) => {
        this.phase = NEXT_PHASE[step] ?? this.phase;
        addStep(timeline, step, detail);
        if (NEXT_PHASE[step] === "reach" || step === "offer-received") this.#stage.reach();
      },
    });
    await this.#peer.opened.catch((error) => {
      this.#end.signal.throwIfAborted();
      throw error;
    });
  }

  /**
   * Return a notice about the link or the connection from before the reload, or an empty string.
   *
   * @param {boolean} isEarlier Whether the link is the one from before the reload.
   */
  #notice(isEarlier) {
    if (isEarlier) return "Welcome back. The link you sent still works.";
    if (this.#memory.invitation) return "Your earlier link no longer works. Send this one instead.";
    return this.#memory.wasConnected ? "Your earlier connection has ended. To connect again, send this new link." : "";
  }

  /** Return a client that returns to the earlier link, or undefined if that link no longer works. */
  async #returning() {
    const { invitation } = this.#memory;
    if (!invitation || this.#meeting.channelId || Date.now() > invitation.expiry) return undefined;
    const { settings, clientOptions } = this.#means;
    const client = new ReturningClient(invitation.channelId, settings.server, clientOptions);
    return (await client.isWaiting(this.#end.signal)) ? client : undefined;
  }
}

/** One connection with one other peer: from the exchange to its end. */

import { SignalingClient, connect, createKey } from "peerpost";
import { LeftError, UnsupportedError } from "./failure.js";
import { LOST_MS } from "./limits.js";
import { RequestCount } from "./request-count.js";
import { ICE, PROGRESS } from "./steps.js";

/** @typedef {import("./failure.js").Phase} Phase */
/** @typedef {import("./timeline.js").Timeline} Timeline */

// Agreed beforehand, so that both open without a message.
const MESSAGES_ID = 1;
const FILES_ID = 2;

/** @type {Record<string, Phase>} */
const NEXT_PHASE = {
  channel: "wait",
  "offer-received": "answer",
  "answer-sent": "reach",
  "answer-received": "reach",
};

export class Session {
  peerConnection;
  messages;
  files;
  /** @type {Phase} */
  phase;
  #settings;
  #timeline;
  #meeting;
  #end = new AbortController();
  signal = this.#end.signal;

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {{ channelId?: string, key?: string }} meeting What was in the link; nothing for the peer that makes one.
   * @param {Timeline} timeline
   */
  constructor(settings, meeting, timeline) {
    if (!globalThis.RTCPeerConnection) throw new UnsupportedError("It has no WebRTC.");
    if (!globalThis.isSecureContext) throw new UnsupportedError("The page was opened over plain http, where browsers do not encrypt.");
    this.#settings = settings;
    this.#timeline = timeline;
    this.#meeting = meeting;
    this.phase = meeting.channelId ? "read" : "open";
    this.peerConnection = new RTCPeerConnection({ iceServers: settings.iceServers });
    this.messages = this.#channel("messages", MESSAGES_ID);
    this.files = this.#channel("files", FILES_ID);
    this.peerConnection.addEventListener("iceconnectionstatechange", () => this.#follow(), { signal: this.signal });
  }

  /**
   * Connect; resolve when both data channels are open.
   *
   * @param {(meeting: { channelId: string, key: string }) => void} onInvitation
   * @param {() => void} onReach The two know each other, and look for a way.
   */
  async connect(onInvitation, onReach) {
    const { channelId, key = channelId ? undefined : createKey() } = this.#meeting;
    const count = new RequestCount((value) => this.#timeline.countRequests(value));
    const opened = Promise.all([this.messages, this.files].map((channel) => this.#opened(channel)));
    opened.catch(() => {});
    await connect(this.peerConnection, {
      server: new SignalingClient(this.#settings.server, { fetch: count.fetch }),
      channelId,
      key,
      signal: this.signal,
      onChannel: (id) => onInvitation({ channelId: id, key: /** @type {string} */ (key) }),
      onProgress: (step, detail) => {
        this.phase = NEXT_PHASE[step] ?? this.phase;
        const [text, mood] = PROGRESS[step]?.(detail) ?? [];
        if (text) this.#timeline.add(text, mood);
        if (NEXT_PHASE[step] === "reach" || step === "offer-received") onReach();
      },
    });
    await opened;
    this.phase = "talk";
    this.#timeline.add("Data channels open", "good");
  }

  /**
   * Resolve never; reject with the reason when the connection is over.
   *
   * @returns {Promise<never>}
   */
  ended() {
    return new Promise((_, reject) => {
      const left = () => reject(this.signal.aborted ? this.signal.reason : new LeftError("the other side has left"));
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let patience;
      this.signal.addEventListener("abort", left);
      this.messages.addEventListener("close", left);
      this.peerConnection.addEventListener("connectionstatechange", () => {
        const state = this.peerConnection.connectionState;
        if (state === "closed") left();
        clearTimeout(patience);
        if (state !== "connected") patience = setTimeout(left, LOST_MS);
      });
      if (this.signal.aborted || this.messages.readyState === "closed") left();
    });
  }

  /** @param {unknown} reason */
  close(reason) {
    this.#end.abort(reason);
    this.peerConnection.close();
  }

  /**
   * @param {string} label
   * @param {number} id
   */
  #channel(label, id) {
    return this.peerConnection.createDataChannel(label, { negotiated: true, id });
  }

  /**
   * @param {RTCDataChannel} channel
   * @returns {Promise<void>}
   */
  #opened(channel) {
    return new Promise((resolve, reject) => {
      channel.addEventListener("open", () => resolve());
      channel.addEventListener("close", () => reject(new LeftError("the other side has left")));
      this.signal.addEventListener("abort", () => reject(this.signal.reason));
    });
  }

  #follow() {
    this.#timeline.add(...ICE[this.peerConnection.iceConnectionState]);
  }
}

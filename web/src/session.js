/** One connection with one other peer, from the first request to its end. */

import { SignalingClient, connect, createKey } from "peerpost";
import { LeftError, UnsupportedError } from "./failure.js";
import { CHANNEL_TTL_SECONDS, LOST_MS, TIME_UP_MS } from "./limits.js";
import { recallAccessKey } from "./memory.js";
import { RequestCount } from "./request-count.js";
import { ReturningClient } from "./returning-client.js";
import { ICE, PROGRESS } from "./steps.js";

/** @typedef {import("./failure.js").Phase} Phase */
/** @typedef {import("./memory.js").Invitation} Invitation */
/** @typedef {import("./timeline.js").Timeline} Timeline */

// Both peers use this id, so that the data channel opens without any negotiation. The ids of data channels that are opened
// by negotiation start at 0, and `connect` uses 255.
const MESSAGES_ID = 254;

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
  /** @type {Phase} */
  phase;
  #settings;
  #timeline;
  #meeting;
  #earlier;
  #expiry = Infinity;
  #hasCounted = false;
  #end = new AbortController();
  signal = this.#end.signal;

  /**
   * @param {import("./settings.js").Settings} settings
   * @param {{ channelId?: string, key?: string }} meeting What was in the link. Empty for the host, who makes the link.
   * @param {Timeline} timeline
   * @param {Invitation} [earlier] The link that was waiting for a guest when the page was reloaded.
   */
  constructor(settings, meeting, timeline, earlier) {
    if (!globalThis.RTCPeerConnection) {
      throw new UnsupportedError("It does not support WebRTC.", "Open the page in a current browser.");
    }
    if (!globalThis.isSecureContext) {
      throw new UnsupportedError("The page was opened over http, and browsers encrypt only on https pages.", "Open the page over https.");
    }
    this.#settings = settings;
    this.#timeline = timeline;
    this.#meeting = meeting;
    this.#earlier = earlier;
    this.phase = meeting.channelId ? "read" : "open";
    this.peerConnection = new RTCPeerConnection({ iceServers: settings.iceServers });
    this.messages = this.peerConnection.createDataChannel("messages", { negotiated: true, id: MESSAGES_ID });
    const ending = { signal: this.signal };
    this.peerConnection.addEventListener("iceconnectionstatechange", () => this.#follow(), ending);
    this.peerConnection.addEventListener("icecandidate", ({ candidate }) => this.#found(candidate), ending);
    this.peerConnection.addEventListener("signalingstatechange", () => this.#countCandidates(), ending);
  }

  /**
   * Connect, and resolve when the data channel for messages is open.
   *
   * @param {(invitation: Invitation, isEarlier: boolean) => void} onInvitation
   * @param {() => void} onReach Called when both peers have the other's description, and start to look for a route.
   */
  async connect(onInvitation, onReach) {
    const count = new RequestCount((value) => this.#timeline.countRequests(value));
    const options = { accessKey: recallAccessKey(this.#settings.server), fetch: count.fetch };
    const returning = await this.#returning(options);
    const { channelId, key = channelId ? undefined : createKey() } = returning ? { key: this.#earlier?.key } : this.#meeting;
    const expiry = returning ? Number(this.#earlier?.expiry) : Date.now() + CHANNEL_TTL_SECONDS * 1000;
    const opened = this.#opened(this.messages);
    opened.catch(() => {});
    await connect(this.peerConnection, {
      server: returning ?? new SignalingClient(this.#settings.server, options),
      channelId,
      key,
      signal: this.signal,
      onChannel: (id) => {
        this.#expiry = expiry;
        onInvitation({ channelId: id, key: /** @type {string} */ (key), expiry }, Boolean(returning));
      },
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

  /** Whether the link has expired. The server's clock may be a little ahead. */
  get isTimeUp() {
    return Date.now() > this.#expiry - TIME_UP_MS;
  }

  /**
   * Wait for the end of the connection: never resolve, and reject with the reason when it is over.
   *
   * @returns {Promise<never>}
   */
  ended() {
    return new Promise((_, reject) => {
      const left = () => reject(this.signal.aborted ? this.signal.reason : new LeftError("the other person has left"));
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
   * Return a client that returns to the earlier link, or undefined if that link no longer works.
   *
   * @param {ConstructorParameters<typeof SignalingClient>[1]} options
   */
  async #returning(options) {
    if (!this.#earlier || this.#meeting.channelId || Date.now() > this.#earlier.expiry) return undefined;
    const client = new ReturningClient(this.#earlier.channelId, this.#settings.server, options);
    return (await client.isWaiting(this.signal)) ? client : undefined;
  }

  /**
   * @param {RTCDataChannel} channel
   * @returns {Promise<void>}
   */
  #opened(channel) {
    return new Promise((resolve, reject) => {
      channel.addEventListener("open", () => resolve());
      channel.addEventListener("close", () => reject(new LeftError("the other person has left")));
      this.signal.addEventListener("abort", () => reject(this.signal.reason));
    });
  }

  /** @param {RTCIceCandidate | null} candidate */
  #found(candidate) {
    // The end-of-candidates mark has no type. Nobody can connect to an active TCP candidate (RFC 6544).
    if (!candidate?.type || candidate.tcpType === "active") return;
    this.#timeline.add(`Candidate found: ${candidate.type}, ${candidate.protocol?.toUpperCase()}`);
  }

  /** Add the number of candidates in the other peer's first description to the timeline. */
  #countCandidates() {
    const { remoteDescription } = this.peerConnection;
    if (!remoteDescription || this.#hasCounted) return;
    this.#hasCounted = true;
    const count = remoteDescription.sdp.match(/^a=candidate:/gm)?.length ?? 0;
    if (count) this.#timeline.add(`Candidates in the ${remoteDescription.type}: ${count}`);
  }

  #follow() {
    this.#timeline.add(...ICE[this.peerConnection.iceConnectionState]);
  }
}

/** Later negotiation, peer to peer: perfect negotiation (W3C WebRTC, section 10.7) over a data channel of its own. */

// Agreed beforehand, so that it opens without a message. Both browsers' stacks have this stream from the start.
const STREAM_ID = 255;

export class Negotiation {
  #peerConnection;
  #polite;
  #report;
  #channel;
  #end = new AbortController();
  #makingOffer = false;
  #ignoreOffer = false;
  #settingAnswer = false;
  #isNeeded = false;
  /** @type {string[]} What waits for the channel to open, or for a way to the other peer. */
  #waiting = [];

  /**
   * @param {RTCPeerConnection} peerConnection
   * @param {boolean} polite Whether this peer gives way when both offer at once.
   * @param {(step: "renegotiated" | "negotiation-failed", detail?: object) => void} report
   */
  constructor(peerConnection, polite, report) {
    this.#peerConnection = peerConnection;
    this.#polite = polite;
    this.#report = report;
    this.#channel = peerConnection.createDataChannel("peerpost", { negotiated: true, id: STREAM_ID });
    this.#channel.onopen = () => {
      this.#flush();
      if (this.#isNeeded) this.#negotiate();
    };
    this.#channel.onmessage = ({ data }) => this.#attempt(() => this.#receive(JSON.parse(data)));
  }

  /** Take over. Before the first exchange has come to an end, nothing is to be negotiated anew. */
  listen() {
    this.#on("negotiationneeded", () => {
      // An offer that cannot be sent yet would take the place of the first answer, which is still to be sent.
      if (this.#channel.readyState === "open") this.#negotiate();
      else this.#isNeeded = true;
    });
  }

  /**
   * Keep the connection, once it is there.
   *
   * @param {RTCIceCandidate[]} late Those of the first exchange that the server has not got.
   */
  keep(late) {
    late.forEach((candidate) => this.#send({ candidate }));
    this.#on("icecandidate", ({ candidate }) => candidate && this.#send({ candidate }));
    this.#on("iceconnectionstatechange", () => {
      // Not only when it has failed, which takes longer.
      if (this.#isLost) this.#peerConnection.restartIce();
      else this.#flush();
    });
  }

  stop() {
    this.#end.abort();
    this.#channel.close();
  }

  /**
   * @template {"negotiationneeded" | "icecandidate" | "iceconnectionstatechange"} T
   * @param {T} type
   * @param {(event: RTCPeerConnectionEventMap[T]) => void} listener
   */
  #on(type, listener) {
    this.#peerConnection.addEventListener(type, listener, { signal: this.#end.signal });
  }

  /** @param {() => Promise<void>} step */
  async #attempt(step) {
    try {
      await step();
    } catch (error) {
      this.#report("negotiation-failed", { error });
    }
  }

  /** @param {{ description?: RTCSessionDescription | null, candidate?: RTCIceCandidate }} message */
  #send(message) {
    this.#waiting.push(JSON.stringify(message));
    this.#flush();
  }

  #flush() {
    // Without a way it would stay in the channel's buffer, from which nothing can be taken back.
    if (this.#channel.readyState !== "open" || this.#isLost) return;
    this.#attempt(async () => {
      for (let message; (message = this.#waiting.shift()); ) this.#channel.send(message);
    });
  }

  get #isLost() {
    return /disconnected|failed/.test(this.#peerConnection.iceConnectionState);
  }

  #negotiate() {
    this.#attempt(async () => {
      try {
        this.#makingOffer = true;
        await this.#describe();
      } finally {
        this.#makingOffer = false;
      }
    });
  }

  async #describe() {
    await this.#peerConnection.setLocalDescription();
    this.#send({ description: this.#peerConnection.localDescription });
  }

  /** @param {{ description?: RTCSessionDescriptionInit, candidate?: RTCIceCandidateInit }} message */
  async #receive({ description, candidate }) {
    const peerConnection = this.#peerConnection;
    if (candidate) {
      // Candidates of an offer that was passed over belong to nothing.
      await peerConnection.addIceCandidate(candidate).catch((error) => {
        if (!this.#ignoreOffer) throw error;
      });
    }
    if (!description) return;
    const isOffer = description.type === "offer";
    const ready = !this.#makingOffer && (peerConnection.signalingState === "stable" || this.#settingAnswer);
    // Where the other peer has moved, its offer finds a way and ours does not: then even the impolite peer gives way.
    this.#ignoreOffer = !this.#polite && isOffer && !ready && !this.#isLost;
    if (this.#ignoreOffer) return;
    this.#settingAnswer = !isOffer;
    try {
      await peerConnection.setRemoteDescription(description); // Rolls an own offer back where that is due.
    } finally {
      this.#settingAnswer = false;
    }
    if (isOffer) {
      this.#waiting = []; // An offer of ours that is rolled back by now, and its candidates.
      await this.#describe();
    }
    this.#report("renegotiated");
  }
}

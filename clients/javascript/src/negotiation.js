/**
 * Negotiation after the first offer and answer: perfect negotiation (W3C WebRTC, section 10.7), peer to peer over a data
 * channel of its own.
 */

// Both peers create the channel with this number, so that it opens without a message. Every browser's SCTP has this
// stream from the start.
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
  /** @type {string[]} Messages that wait until the channel is open and the other peer can be reached. */
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

  /** Negotiate from now on. Call this when the other peer's first description has arrived, not earlier. */
  listen() {
    this.#on("negotiationneeded", () => {
      // An offer that cannot be sent yet would replace the first answer, which is still to be sent.
      if (this.#channel.readyState === "open") this.#negotiate();
      else this.#isNeeded = true;
    });
  }

  /**
   * Keep the connection alive, once the peers are connected.
   *
   * @param {RTCIceCandidate[]} late Candidates of the first exchange that the server does not have.
   */
  keep(late) {
    late.forEach((candidate) => this.#send({ candidate }));
    this.#on("icecandidate", ({ candidate }) => candidate && this.#send({ candidate }));
    this.#on("iceconnectionstatechange", () => {
      // Do not wait for "failed", which takes longer.
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
    // If the other peer cannot be reached, a message would stay in the channel's buffer, and could not be taken back.
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
      // The candidates of an ignored offer cannot be added.
      await peerConnection.addIceCandidate(candidate).catch((error) => {
        if (!this.#ignoreOffer) throw error;
      });
    }
    if (!description) return;
    const isOffer = description.type === "offer";
    const ready = !this.#makingOffer && (peerConnection.signalingState === "stable" || this.#settingAnswer);
    // If the other peer has moved to another network, only its offer can restore the connection. Then even the impolite
    // peer accepts it.
    this.#ignoreOffer = !this.#polite && isOffer && !ready && !this.#isLost;
    if (this.#ignoreOffer) return;
    this.#settingAnswer = !isOffer;
    try {
      await peerConnection.setRemoteDescription(description); // Rolls back our own offer if there is one.
    } finally {
      this.#settingAnswer = false;
    }
    if (isOffer) {
      this.#waiting = []; // These belong to our own offer, which has been rolled back.
      await this.#describe();
    }
    this.#report("renegotiated");
  }
}

/** The parts of an RTCPeerConnection that the exchange uses, under the control of a test. */

export class FakePeerConnection extends EventTarget {
  connectionState = "new";
  iceConnectionState = "new";
  iceGatheringState = "complete";
  signalingState = "stable";
  localDescription = null;
  remoteDescription = null;
  /** The calls to it, in order. */
  done = [];
  channel = { readyState: "connecting", sent: [], closed: false };
  /** The association of the data channels. */
  sctp = Object.assign(new EventTarget(), { state: "connected" });
  #configuration;
  #isRestarting = false;
  /** If this is true, no candidate of the other peer arrives, so ICE does not begin. */
  hasNobody = false;
  /** What `getStats` returns. */
  stats = [];

  constructor({ iceServers = [], iceTransportPolicy = "all" } = {}) {
    super();
    this.#configuration = { iceServers, iceTransportPolicy };
    this.channel.send = (text) => this.channel.sent.push(JSON.parse(text));
    this.channel.close = () => (this.channel.closed = true);
  }

  getConfiguration() {
    return this.#configuration;
  }

  /** Checks ICE servers as in W3C WebRTC, section 4.4.1.6. */
  setConfiguration(configuration) {
    for (const { urls, username, credential } of configuration.iceServers) {
      const all = [urls].flat().map(String);
      if (!all.length || !all.every((url) => /^(stun|turn)s?:[\w.:-]+(\?transport=(udp|tcp))?$/.test(url))) {
        throw new SyntaxError("not a URL of an ICE server");
      }
      if (/^turn/m.test(all.join("\n")) && (username === undefined || credential === undefined)) {
        throw new TypeError("a TURN server without a credential");
      }
    }
    this.#configuration = configuration;
    this.done.push(["setConfiguration", configuration.iceServers]);
  }

  createDataChannel(label, options) {
    this.done.push(["createDataChannel", label, options]);
    return this.channel;
  }

  async setLocalDescription() {
    const type = this.remoteDescription && !this.localDescription ? "answer" : "offer";
    this.localDescription = { type, sdp: `v=0 ${this.#isRestarting ? "another " : ""}${type}` };
    this.done.push(["setLocalDescription", this.localDescription.sdp]);
  }

  async setRemoteDescription({ type, sdp }) {
    this.done.push(["setRemoteDescription", type, sdp]);
    this.remoteDescription = { type, sdp };
    if (this.iceConnectionState === "new") this.iceConnectionState = this.hasNobody ? "new" : "checking";
  }

  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error("no remote description yet");
    if (candidate.candidate === "bad") throw new Error("bad candidate");
    this.done.push(["addIceCandidate", candidate.candidate]);
  }

  async getStats() {
    return new Map(this.stats.map((each, number) => [String(number), each]));
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }

  restartIce() {
    this.#isRestarting = true;
    this.done.push(["restartIce"]);
  }

  find(candidate, rest = {}) {
    const found = { candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "abcd", ...rest };
    this.#emit("icecandidate", { candidate: candidate === null ? null : found });
  }

  become(state) {
    this.connectionState = state;
    this.#emit("connectionstatechange");
  }

  /** The other peer has closed its connection. */
  leave() {
    this.sctp.state = "closed";
    this.sctp.dispatchEvent(new Event("statechange"));
  }

  ice(state) {
    this.iceConnectionState = state;
    this.#emit("iceconnectionstatechange");
  }

  negotiate() {
    this.#emit("negotiationneeded");
  }

  #emit(type, members) {
    this.dispatchEvent(Object.assign(new Event(type), members));
  }
}

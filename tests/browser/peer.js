/** The test page's script: one peer, and a record of what has happened to it. */

import * as peerpost from "/src/index.js";

const { connect, createLink, parseLink } = peerpost;

/** Acts as if the STUN server were slow: the description has no candidates, and all of them come later. */
class SlowPeerConnection extends RTCPeerConnection {
  #described = Promise.withResolvers();

  get localDescription() {
    const { type, sdp } = super.localDescription;
    this.#described.resolve();
    return { type, sdp: sdp.replaceAll(/a=candidate:.*\r\n/g, "") };
  }

  getConfiguration() {
    return { iceServers: [{ urls: "stun:stun.example" }] };
  }

  addEventListener(type, listener, options) {
    const events = [];
    const late = async (event) => {
      events.push(event);
      if (event.candidate) return;
      await this.#described.promise;
      if (!options.signal.aborted) events.splice(0).forEach(listener);
    };
    super.addEventListener(type, type === "icecandidate" ? late : listener, options);
  }
}

class Peer {
  steps = [];
  messages = [];
  tracks = [];
  link = Promise.withResolvers();

  start({ server, key, link, slow, video, throwsAt }) {
    this.connection = new (slow ? SlowPeerConnection : RTCPeerConnection)();
    this.connection.ontrack = ({ track }) => this.tracks.push(track);
    this.abort = new AbortController();
    if (video) this.connection.addTransceiver("video");
    if (link) this.connection.ondatachannel = ({ channel }) => this.#chat(channel);
    else this.#chat(this.connection.createDataChannel("chat"));
    this.connected = connect(this.connection, {
      server,
      key,
      ...(link && parseLink(link)),
      signal: this.abort.signal,
      onChannel: (channelId) => this.link.resolve(createLink(location.href, { channelId, key })),
      onProgress: (step) => {
        this.steps.push(step);
        if (step === throwsAt) throw new Error("a bug of the page");
      },
    });
    this.outcome = this.connected.then(
      () => "connected",
      (error) => error.name,
    );
  }

  #chat(channel) {
    this.chat = channel;
    channel.onmessage = ({ data }) => this.messages.push(data);
  }

  /**
   * Send a message. The test calls this when the channel is open: Chromium loses a few messages in a thousand if the
   * peer that answers sends them in the event that reports the open channel.
   */
  send(message) {
    this.chat.send(message);
  }

  /** Return the ICE passwords of both ends, which an ICE restart changes. */
  passwords() {
    const [local, remote] = [this.connection.localDescription, this.connection.remoteDescription];
    return [local, remote].map(({ sdp }) => /a=ice-pwd:(\S+)/.exec(sdp)[1]);
  }

  async addCamera() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    for (const track of stream.getTracks()) this.connection.addTrack(track, stream);
  }

  /** Wait for the first frame from the other peer's camera. */
  async watch() {
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = new MediaStream(this.tracks);
    await video.play();
    return video.videoWidth > 0;
  }
}

window.peerpost = peerpost;
window.peer = new Peer();

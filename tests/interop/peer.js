/** A peer in a page. The tests call the methods of `window.peer`. */

import { connect, ExpiredError } from "/src/index.js";

// The error code for an unreachable ICE server. Other codes come from the server itself (W3C WebRTC, section 4.8.1.2).
const NOT_REACHED = 701;

/** A queue. Items and takers may arrive in any order, and are matched first come, first served. */
class Queue {
  #items = [];
  #takers = [];

  put(item) {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  take() {
    return this.#items.length ? this.#items.shift() : new Promise((resolve) => this.#takers.push(resolve));
  }
}

let connection, chat, messages, steps, reported, refused, connected;

/** Start an exchange, after closing the previous connection. */
function start(options, { iceServers = [], iceTransportPolicy = "all" }) {
  connection?.close();
  connection = new RTCPeerConnection({ iceServers, iceTransportPolicy });
  reported = [];
  refused = new Promise((resolve) => {
    connection.onicecandidateerror = ({ errorCode }) => errorCode !== NOT_REACHED && resolve(errorCode);
  });
  messages = new Queue();
  steps = new Queue();
  chat = new Promise((resolve) => {
    const use = (channel) => {
      channel.onopen = () => resolve(channel);
      channel.onmessage = ({ data }) => messages.put(data);
    };
    if (options.channelId) connection.ondatachannel = ({ channel }) => use(channel);
    else use(connection.createDataChannel("chat"));
  });
  const onProgress = (step, { error }) => {
    // The other peer may connect and delete the channel while a late candidate is still being sent.
    if (!(step === "candidate-skipped" && error instanceof ExpiredError)) reported.push(step);
    steps.put(step);
  };
  connected = connect(connection, { ...options, onProgress });
  connected.catch(() => {}); // The callers of `connected` and `failure` get the error.
}

window.peer = {
  /** Return the id of the channel, once it is open. */
  offer({ server, key, accessKey, ...configuration }) {
    return new Promise((onChannel, fail) => {
      start({ server, key, accessKey, onChannel }, configuration);
      connected.catch(fail);
    });
  },

  answer({ server, channelId, key, ...configuration }) {
    start({ server, channelId, key }, configuration);
  },

  async connected() {
    await connected;
    await chat;
  },

  /** Return the error that ended the exchange. */
  failure() {
    return connected.then(
      () => ["connected"],
      ({ name, message }) => [name, message],
    );
  },

  async send(message) {
    (await chat).send(message);
  },

  receive() {
    return messages.take();
  },

  /** Add a track that was not in the first offer or answer: a picture that changes all the time. */
  addTrack() {
    const canvas = document.createElement("canvas");
    const drawing = canvas.getContext("2d");
    const draw = () => {
      drawing.fillStyle = `hsl(${performance.now() % 360} 100% 50%)`;
      drawing.fillRect(0, 0, canvas.width, canvas.height);
      requestAnimationFrame(draw);
    };
    draw();
    const stream = canvas.captureStream();
    connection.addTrack(stream.getTracks()[0], stream);
  },

  signalingState() {
    return connection.signalingState;
  },

  restartIce() {
    connection.restartIce();
  },

  /** Return when the other peer is unreachable. */
  lost() {
    return new Promise((resolve) => {
      const look = () => /disconnected|failed/.test(connection.iceConnectionState) && resolve();
      connection.addEventListener("iceconnectionstatechange", look);
      look();
    });
  },

  /** Return when the step is reported. Each report counts for one wait only. */
  async until(step) {
    while ((await steps.take()) !== step);
  },

  /** Return all steps that were reported. */
  reported() {
    return reported;
  },

  /** Return the error code of the first ICE server that refused us. */
  refused() {
    return refused;
  },

  /** Return the number of our own candidates. */
  candidates() {
    return connection.localDescription.sdp.match(/^a=candidate:/gm)?.length ?? 0;
  },

  /** Return the URLs of the ICE servers in use. */
  iceServers() {
    return connection.getConfiguration().iceServers.map(({ urls }) => urls);
  },

  /** Return the ICE passwords of both ends, which an ICE restart changes. */
  passwords() {
    const password = ({ sdp }) => sdp.match(/^a=ice-pwd:(.*)$/m)[1].trim();
    return [password(connection.localDescription), password(connection.remoteDescription)];
  },

  /** Return the types of the two candidates that the data uses. */
  async path() {
    const stats = await connection.getStats();
    const reports = [...stats.values()];
    const transport = reports.find(({ selectedCandidatePairId }) => selectedCandidatePairId);
    // Firefox has no transport report. It marks the selected pair instead.
    const pair = stats.get(transport?.selectedCandidatePairId) ?? reports.find(({ selected }) => selected);
    return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.get(id).candidateType);
  },

  configure(iceServer) {
    new RTCPeerConnection().setConfiguration({ iceServers: [iceServer] });
  },

  /** Return the candidate types and error codes that a separate connection gets from these ICE servers. */
  async gather(iceServers) {
    const alone = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    const types = new Set();
    const errors = new Set();
    const found = new Promise((resolve) => {
      alone.onicecandidate = ({ candidate }) => candidate?.type && resolve(types.add(candidate.type));
      alone.onicecandidateerror = ({ errorCode }) => errorCode !== NOT_REACHED && resolve(errors.add(errorCode));
    });
    alone.createDataChannel("any");
    await alone.setLocalDescription();
    await found; // Gathering may end before an error is reported.
    while (alone.iceGatheringState !== "complete") {
      await new Promise((resolve) => alone.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    alone.close();
    return [[...types], [...errors]];
  },
};

/** A peer in a page: `window.peer` has what the tests call. */

import { connect, ExpiredError } from "/src/index.js";

// The code of an ICE server that was not reached; the others are its own words (W3C WebRTC, section 4.8.1.2).
const NOT_REACHED = 701;

/** What comes in order and is taken in order, whichever is first there. */
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

/** Begin an exchange, and end the one before. */
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
    // The other peer may be connected, and have erased the channel, while a late candidate is on its way there.
    if (!(step === "candidate-skipped" && error instanceof ExpiredError)) reported.push(step);
    steps.put(step);
  };
  connected = connect(connection, { ...options, onProgress });
  connected.catch(() => {}); // Told to whoever asks.
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

  /** Return what the exchange has failed with. */
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

  /** Return once the other peer is out of reach. */
  lost() {
    return new Promise((resolve) => {
      const look = () => /disconnected|failed/.test(connection.iceConnectionState) && resolve();
      connection.addEventListener("iceconnectionstatechange", look);
      look();
    });
  },

  /** Return once a step has been reported that was not waited for before. */
  async until(step) {
    while ((await steps.take()) !== step);
  },

  /** Return the steps that have been reported. */
  reported() {
    return reported;
  },

  /** Return the code with which an ICE server has refused its service. */
  refused() {
    return refused;
  },

  /** Return how many candidates of our own we have. */
  candidates() {
    return connection.localDescription.sdp.match(/^a=candidate:/gm)?.length ?? 0;
  },

  /** Return the ICE servers that are in use. */
  iceServers() {
    return connection.getConfiguration().iceServers.map(({ urls }) => urls);
  },

  /** Return the name fragments of both ends, which an ICE restart changes. */
  fragments() {
    const fragment = ({ sdp }) => sdp.match(/^a=ice-ufrag:(.*)$/m)[1].trim();
    return [fragment(connection.localDescription), fragment(connection.remoteDescription)];
  },

  /** Return the types of the candidates that the data crosses. */
  async path() {
    const stats = await connection.getStats();
    const reports = [...stats.values()];
    const transport = reports.find(({ selectedCandidatePairId }) => selectedCandidatePairId);
    // Firefox has no report of the transport, and marks the pair.
    const pair = stats.get(transport?.selectedCandidatePairId) ?? reports.find(({ selected }) => selected);
    return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.get(id).candidateType);
  },

  configure(iceServer) {
    new RTCPeerConnection().setConfiguration({ iceServers: [iceServer] });
  },

  /** Return the candidates that ICE servers give to a connection of its own, and the codes of what they refuse. */
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
    await found; // The end of gathering may be told before an error is.
    while (alone.iceGatheringState !== "complete") {
      await new Promise((resolve) => alone.addEventListener("icegatheringstatechange", resolve, { once: true }));
    }
    alone.close();
    return [[...types], [...errors]];
  },
};

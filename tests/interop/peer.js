/** A peer in a page: `window.peer` has what the tests call. */

import { connect } from "/src/index.js";

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

let connection, chat, messages, steps, connected;

/** Begin an exchange, and end the one before. */
function start(options, iceServers) {
  connection?.close();
  connection = new RTCPeerConnection({ iceServers });
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
  connected = connect(connection, { ...options, onProgress: (step) => steps.put(step) });
  connected.catch(() => {}); // Told to whoever asks.
}

window.peer = {
  /** Return the id of the channel, once it is open. */
  offer({ server, key, iceServers = [] }) {
    return new Promise((onChannel, fail) => {
      start({ server, key, onChannel }, iceServers);
      connected.catch(fail);
    });
  },

  answer({ server, channelId, key, iceServers = [] }) {
    start({ server, channelId, key }, iceServers);
  },

  async connected() {
    await connected;
    await chat;
  },

  async send(message) {
    (await chat).send(message);
  },

  receive() {
    return messages.take();
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

  /** Return the name fragments of both ends, which an ICE restart changes. */
  fragments() {
    const fragment = ({ sdp }) => sdp.match(/^a=ice-ufrag:(.*)$/m)[1].trim();
    return [fragment(connection.localDescription), fragment(connection.remoteDescription)];
  },

  /** Return the types of the candidates that the data crosses. */
  async path() {
    const stats = await connection.getStats();
    const transport = [...stats.values()].find(({ type }) => type === "transport");
    const pair = stats.get(transport.selectedCandidatePairId);
    return [pair.localCandidateId, pair.remoteCandidateId].map((id) => stats.get(id).candidateType);
  },
};

/** A host or a guest of an address, in a page. The tests call the methods of `window.peer`. */

import { connect, SignalingClient } from "/src/index.js";
import { listen } from "/src/listen.js";
import { reconnect } from "/src/reconnect.js";

/** A list to which a test can wait for additions. */
class Log {
  items = [];
  #waiting = [];

  add(item) {
    this.items.push(item);
    this.#waiting.splice(0).forEach((look) => look());
  }

  /** Return once there are this many items. */
  async have(count) {
    while (this.items.length < count) await new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The guests whom this host has let in: their guest ids, and whether they replace an earlier connection. */
const arrivals = new Log();
/** The connections of the guests who stay here, once their data channels are open. */
const reunions = new Log();
const steps = new Log();
let hosting;

function report(step, { error } = {}) {
  steps.add(error ? `${step}: ${error.name}` : step);
}

/** Return a connection of the host, which answers its guest. */
function hostsConnection() {
  const connection = new RTCPeerConnection();
  const chat = connection.createDataChannel("chat");
  chat.onmessage = ({ data }) => chat.send(`welcome, ${data}`);
  return connection;
}

/**
 * Return a connection of a guest, with a promise of its data channel.
 *
 * The guest sends nothing by itself. Chromium loses a few messages in a thousand
 * if they are sent in the event that reports the open channel.
 */
function guestsConnection() {
  const connection = new RTCPeerConnection();
  connection.chat = new Promise((resolve) => {
    connection.ondatachannel = ({ channel }) => {
      if (channel.readyState === "open") resolve(channel);
      channel.onopen = () => resolve(channel);
    };
  });
  return connection;
}

async function visit(options) {
  const connection = await connect(guestsConnection, { ...options, onProgress: report });
  await connection.chat;
  return connection;
}

const visits = new Map();

window.peer = {
  /** Begin to listen, and return the address. */
  async listen(options) {
    const end = new AbortController();
    const address = await new Promise((onLink, fail) => {
      const listening = listen({
        ...options,
        newConnection: hostsConnection,
        onPeer: (_, { guest, replaces }) => {
          replaces?.close();
          arrivals.add({ guest, isBack: Boolean(replaces) });
        },
        onLink,
        onProgress: report,
        signal: end.signal,
      });
      listening.catch(fail);
      hosting = { end, listening };
    });
    return address;
  },

  /** End listening. The address stays. */
  async stop() {
    hosting.end.abort();
    await hosting.listening;
  },

  /** Visit the host of an address, and return once its data channel is open. */
  async visit(options) {
    visits.set(options.guest, await visit(options));
  },

  /** Stay connected to the host of an address. Return once its data channel is open for the first time. */
  stay(options) {
    return new Promise((resolve, fail) => {
      const onPeer = async (connection) => {
        visits.set(options.guest, connection);
        await connection.chat;
        reunions.add(connection);
        resolve();
      };
      reconnect({ ...options, newConnection: guestsConnection, onPeer, onProgress: report }).catch(fail);
    });
  },

  /** Return once the guests who stay here have connected this many times. */
  async reunions(count) {
    await reunions.have(count);
  },

  /** Say something to the host, and return its answer. */
  async say(guest, text) {
    const chat = await visits.get(guest).chat;
    const answer = new Promise((resolve) => (chat.onmessage = ({ data }) => resolve(data)));
    chat.send(text);
    return answer;
  },

  leave(guest) {
    visits.get(guest).close();
  },

  /** Two guests visit at the same moment, and leave. */
  async visitTogether(options, ...both) {
    const connections = await Promise.all(both.map((guest) => visit({ ...options, guest })));
    connections.forEach((connection) => connection.close());
  },

  /** Return the guests whom this host has let in, once there are this many. */
  async arrivals(count) {
    await arrivals.have(count);
    return arrivals.items;
  },

  /** Return once a step was reported. */
  async until(step) {
    for (let count = 1; !steps.items.includes(step); count++) await steps.have(count);
  },

  /** Let a stranger try every method that writes to an address. Return the replies of the server. */
  attack(server, addressId, owner) {
    const client = new SignalingClient(server);
    const writes = [
      client.createOffer(addressId, "v=0", { owner }),
      client.createAnswer(addressId, "v=0", { owner }),
      client.createCandidate(addressId, ["a"], { owner }),
      client.createCandidate(addressId, "a", { owner }),
      client.deleteDataChannel(addressId, { owner }),
    ];
    return Promise.all(writes.map((write) => write.then(() => "done", ({ message }) => message)));
  },
};

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

/** What the guests have said to this host, in order: their names. */
const names = new Log();
/** The guests whom this host has let in: their guest ids, and whether they replace an earlier connection. */
const arrivals = new Log();
/** What hosts have said to the guests who stay here. */
const welcomes = new Log();
const steps = new Log();
let hosting;

function report(step, { error } = {}) {
  steps.add(error ? `${step}: ${error.name}` : step);
}

/** Return a connection of the host, which greets its guest. */
function hostsConnection() {
  const connection = new RTCPeerConnection();
  const chat = connection.createDataChannel("chat");
  chat.onmessage = ({ data }) => {
    names.add(data);
    chat.send(`welcome, ${data}`);
  };
  return connection;
}

/** Return a connection of a guest, which says its name. */
function guestsConnection(name) {
  const connection = new RTCPeerConnection();
  connection.welcome = new Promise((resolve) => {
    connection.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => resolve(data);
      // The channel may be announced before it is open.
      channel.onopen = () => channel.send(name);
    };
  });
  return connection;
}

async function visit({ name, ...options }) {
  const connection = await connect(() => guestsConnection(name), { ...options, onProgress: report });
  await connection.welcome;
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

  /** Visit the host of an address, and return once it has said welcome. */
  async visit(options) {
    visits.set(options.name, await visit(options));
  },

  /** Stay connected to the host of an address until `leave`. Return once the host has said welcome for the first time. */
  stay({ name, ...options }) {
    return new Promise((resolve, fail) => {
      const onPeer = async (connection) => {
        visits.set(name, connection);
        welcomes.add(await connection.welcome);
        resolve();
      };
      reconnect({ ...options, newConnection: () => guestsConnection(name), onPeer, onProgress: report }).catch(fail);
    });
  },

  /** Return once hosts have said welcome this often to guests who stay. */
  async welcomes(count) {
    await welcomes.have(count);
  },

  leave(name) {
    visits.get(name).close();
  },

  /** Two guests visit at the same moment, once. */
  async visitTogether(options, ...both) {
    const connections = await Promise.all(both.map((name) => visit({ ...options, name })));
    connections.forEach((connection) => connection.close());
  },

  /** Return the names that the first guests have said, once there are this many. */
  async names(count) {
    await names.have(count);
    return names.items;
  },

  async arrivals(count) {
    await arrivals.have(count);
    return arrivals.items;
  },

  /** Return once a step was reported. */
  async until(step) {
    for (let count = 1; !steps.items.includes(step); count++) await steps.have(count);
  },

  /** Return what the server says when a stranger tries to write to an address, in every way there is. */
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

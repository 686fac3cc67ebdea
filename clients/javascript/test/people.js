/** Hosts and guests of addresses, for tests on a fake clock. */

import { connect, SignalingClient } from "../src/index.js";
import { listen } from "../src/listen.js";
import { reconnect } from "../src/reconnect.js";
import { stopTheClock, until } from "./clock.js";
import { FakeServer, fetchFrom } from "./fake-server.js";
import { Network } from "./network.js";

/** A server, a network, and the people who use them until the end of a test. */
export class People {
  #ends = [];

  constructor(t, options = {}) {
    // Register this before the cleanup of the clock, so that everybody has left when the clock runs out.
    t.after(() => this.#ends.forEach((end) => end.abort()));
    stopTheClock(t);
    this.server = new FakeServer(options);
    this.network = new Network();
  }

  client(options) {
    return new SignalingClient("https://signaling.example/", { fetch: fetchFrom(this.server), ...options });
  }

  host({ accessKey, ...options } = {}) {
    const end = this.#end();
    const host = { end, addresses: [], peers: [], steps: [], details: [], connections: [] };
    host.listening = listen({
      server: this.client({ accessKey }),
      newConnection: () => {
        const connection = this.network.newConnection();
        host.connections.push(connection);
        return connection;
      },
      onPeer: (connection, { guest, replaces }) => host.peers.push({ connection, guest, replaces }),
      onLink: (address) => host.addresses.push(address),
      onProgress: record(host),
      signal: end.signal,
      ...options,
    });
    host.outcome = settled(host.listening, host);
    return host;
  }

  /** A guest who follows the link of an address. */
  guest({ addressId, key }, { connection, ...options } = {}) {
    const end = this.#end();
    const guest = { end, steps: [], details: [], connections: [] };
    guest.connecting = connect(
      connection ??
        (() => {
          const made = this.network.newConnection();
          guest.connections.push(made);
          return made;
        }),
      {
        server: this.client(),
        addressId,
        key,
        onProgress: record(guest),
        signal: end.signal,
        ...options,
      },
    );
    guest.outcome = settled(guest.connecting, guest);
    return guest;
  }

  /** A guest who stays connected to the host of an address. */
  loyalGuest({ addressId, key }, options = {}) {
    const end = this.#end();
    const guest = { end, steps: [], details: [], connections: [], peers: [] };
    guest.staying = reconnect({
      server: this.client(),
      addressId,
      key,
      newConnection: () => {
        const made = this.network.newConnection();
        guest.connections.push(made);
        return made;
      },
      onPeer: (connection, newcomer) => guest.peers.push({ connection, ...newcomer }),
      onProgress: record(guest),
      signal: end.signal,
      ...options,
    });
    guest.outcome = settled(guest.staying, guest);
    return guest;
  }

  /** The requests of a method, in order. */
  requests(method) {
    return this.server.requests.filter((request) => request.method === method);
  }

  #end() {
    const end = new AbortController();
    this.#ends.push(end);
    return end;
  }
}

/** A host whose first door is open. */
export async function hostOf(people, options) {
  const host = people.host(options);
  await until(() => host.steps.includes("pointer-sent"));
  return host;
}

function record(person) {
  return (step, detail) => {
    person.steps.push(step);
    person.details.push([step, detail]);
  };
}

/** Store the outcome of a promise in the object of a person, so that no rejection goes unhandled. */
function settled(promise, person) {
  return promise.then(
    (value) => Object.assign(person, { isOver: true, value }),
    (error) => Object.assign(person, { isOver: true, error }),
  );
}

/**
 * Runs our JavaScript client on a simulated clock, and prints its requests as JSON.
 *
 *     node pace.mjs '{"replySeconds": 0.07, "maxWaitSeconds": 5, "guestAfterSeconds": 30}'
 *
 * `replySeconds` is the time from a request to its reply, if the server does not hold it.
 * With `guestAfterSeconds`, a guest starts this long after the host's first read, and the two connect.
 * With `listenSeconds`, a host waits at an address for this long.
 * With neither of them, a host waits in a channel until it gives up.
 * With `skippedSeconds`, the clock of that host's page is moved forward by this much at its first read.
 */

import { SignalingClient, connect } from "../clients/javascript/src/index.js";
import { listen } from "../clients/javascript/src/listen.js";
import { FakeServer } from "../clients/javascript/test/fake-server.js";
import { Network } from "../clients/javascript/test/network.js";

/** A clock that jumps from one timer to the next. */
class Clock {
  now = 0;
  #timers = new Set();

  /** Put this clock in the place of the real one, for all code in this process. */
  install() {
    performance.now = () => this.now;
    globalThis.setTimeout = (callback, milliseconds = 0) => {
      const timer = { at: this.now + milliseconds, callback };
      this.#timers.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => this.#timers.delete(timer);
  }

  /** Let all code believe that it is later than it is. */
  skip(milliseconds) {
    performance.now = () => this.now + milliseconds;
  }

  /** Let time pass until a promise settles. */
  async outlast(promise) {
    let isSettled = false;
    const settle = () => (isSettled = true);
    promise.then(settle, settle);
    for (;;) {
      await idle();
      if (isSettled) return;
      const next = [...this.#timers].reduce((one, other) => (other.at < one.at ? other : one));
      this.#timers.delete(next);
      this.now = next.at;
      next.callback();
    }
  }
}

// WebCrypto works in threads, in real time. The clock stops until its work is done.
const underWay = new Set();
for (const name of ["decrypt", "encrypt", "importKey"]) {
  const original = crypto.subtle[name].bind(crypto.subtle);
  crypto.subtle[name] = (...values) => {
    const work = original(...values);
    const done = () => underWay.delete(work);
    underWay.add(work);
    work.then(done, done);
    return work;
  };
}

/** Resolve when all that can happen at this moment has happened. */
async function idle() {
  do {
    await Promise.allSettled(underWay);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } while (underWay.size);
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

const { replySeconds, maxWaitSeconds, guestAfterSeconds, listenSeconds, skippedSeconds = 0 } = JSON.parse(process.argv[2]);
const clock = new Clock();
clock.install();
// Pauses vary randomly around their mean. Here they have exactly their mean.
Math.random = () => 0.5;

const server = new FakeServer({ maxWaitSeconds });
const network = new Network();
const requests = [];

/** Return a client that records what this peer asks, and gets its replies after a while. */
function client(peer) {
  const fetch = async (url, init) => {
    const { method, wait = 0 } = JSON.parse(init.body);
    requests.push({ peer, method, wait, at: clock.now / 1000 });
    if (method === "get_answer") clock.skip(1000 * skippedSeconds);
    await pause(replySeconds / 2);
    const reply = await server.fetch(url, init);
    await pause(replySeconds / 2);
    return reply;
  };
  return new SignalingClient("https://signaling.example/", { fetch });
}

async function meet() {
  let channelId;
  const onChannel = (id) => (channelId = id);
  const connections = [connect(network.newConnection(), { server: client("host"), onChannel })];
  if (guestAfterSeconds !== undefined) {
    const firstRead = () => requests.find(({ method }) => method === "get_answer");
    while (!firstRead()) await pause(replySeconds);
    await pause(firstRead().at + guestAfterSeconds - clock.now / 1000);
    connections.push(connect(network.newConnection(), { server: client("guest"), channelId }));
  }
  await Promise.allSettled(connections);
  // Nobody waits for the last request, which erases the channel.
  await pause(replySeconds);
}

async function waitAtAnAddress() {
  const end = new AbortController();
  const { newConnection } = network;
  const waiting = listen({ server: client("host"), newConnection, onLink() {}, onPeer() {}, signal: end.signal });
  await pause(listenSeconds);
  end.abort();
  await waiting;
}

await clock.outlast(listenSeconds ? waitAtAnAddress() : meet());
console.log(JSON.stringify(requests));

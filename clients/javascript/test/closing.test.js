/** The application may close a connection at any moment. Then `connect` rejects, and nothing stays pending. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, createKey, SignalingClient, UnreachableError } from "../src/index.js";
import { outcome, stopTheClock, until } from "./clock.js";
import { FakePeerConnection } from "./fake-peer-connection.js";
import { FakeServer, fetchFrom } from "./fake-server.js";

const MAX_MS = 1000;
const TURN = { urls: "turn:turn.example", username: "1795643208:a", credential: "abc=" };
const closed = () => new DOMException("The RTCPeerConnection's signalingState is 'closed'.", "InvalidStateError");

/**
 * Counts the moments of an exchange: before and after each call, at each request and reply, and at each progress step.
 * Closes the connection at the moment with the number `last`.
 */
class Closer {
  moments = [];

  constructor(last = Infinity) {
    this.last = last;
  }

  pass(name) {
    this.moments.push(name);
    if (this.moments.length !== this.last) return;
    this.peer.signalingState = "closed";
    this.closedAt = Date.now();
  }
}

/** Closes as browsers do: calls on a closed connection fail, and promises from before the close never settle. */
class ClosingPeerConnection extends FakePeerConnection {
  constructor(closer) {
    super();
    this.closer = closer;
    closer.peer = this;
    let description = null;
    Object.defineProperty(this, "remoteDescription", {
      get() {
        if (this.signalingState === "closed") throw closed(); // Only Firefox does this.
        return description;
      },
      set: (value) => (description = value),
    });
  }

  #call(name, ...values) {
    this.closer.pass(`before ${name}`);
    if (this.signalingState === "closed") throw closed();
    return super[name](...values);
  }

  async #begin(name, ...values) {
    const result = this.#call(name, ...values);
    this.closer.pass(`after ${name}`);
    await null;
    return this.signalingState === "closed" ? new Promise(() => {}) : result;
  }

  setConfiguration(...values) {
    return this.#call("setConfiguration", ...values);
  }

  setLocalDescription(...values) {
    return this.#begin("setLocalDescription", ...values);
  }

  setRemoteDescription(...values) {
    return this.#begin("setRemoteDescription", ...values);
  }

  addIceCandidate(...values) {
    return this.#begin("addIceCandidate", ...values);
  }
}

/** Connect two peers, and let the closer close one of them. Return the outcome of the `connect` of that peer. */
async function exchange(role, closer) {
  const server = new FakeServer({ iceServers: [TURN] });
  const key = createKey();
  const sides = { offerer: new FakePeerConnection(), answerer: new FakePeerConnection() };
  sides[role] = new ClosingPeerConnection(closer);
  const begin = (name, options) => {
    const isWatched = name === role;
    const fetch = async (...request) => {
      if (isWatched) closer.pass("request");
      const response = await fetchFrom(server)(...request);
      if (isWatched) closer.pass("reply");
      return response;
    };
    const ending = connect(sides[name], {
      ...options,
      server: new SignalingClient("https://signaling.example/", { fetch }),
      key,
      onProgress: (step) => isWatched && closer.pass(step),
    });
    ending.catch(() => {});
    return ending;
  };
  let channelId;
  let answering;
  const offering = begin("offerer", { onChannel: (id) => (channelId = id) });
  const isOver = () => closer.closedAt !== undefined;
  await until(() => channelId || isOver());
  if (channelId) answering = begin("answerer", { channelId });
  await until(() => isOver() || Object.values(sides).every((peer) => peer.remoteDescription && peer.localDescription));
  for (const peer of Object.values(sides)) peer.find("late");
  await until(() => isOver() || closer.moments.includes("candidates-received"));
  return role === "offerer" ? offering : answering;
}

for (const role of ["offerer", "answerer"]) {
  test(`connect rejects within a second if an ${role}'s connection is closed at any moment`, async (t) => {
    stopTheClock(t);
    const dry = new Closer();
    exchange(role, dry).catch(() => {});
    await until(() => dry.moments.includes("candidates-received"));
    const count = dry.moments.length;
    assert.ok(count > 15, `${count} moments`);

    for (let last = 1; last <= count; last++) {
      const closer = new Closer(last);
      const ending = exchange(role, closer);
      ending.catch(() => {});
      await until(() => closer.closedAt !== undefined);

      await assert.rejects(outcome(ending), (error) => {
        assert.ok(error instanceof UnreachableError, `${closer.moments.at(-1)}: ${error}`);
        assert.equal(error.message, "the connection is closed");
        return true;
      });

      const took = Date.now() - closer.closedAt;
      assert.ok(took <= MAX_MS, `${took} ms after ${closer.moments.at(-1)}`);
    }
  });
}

test("a connection that is already closed is refused, and nothing is sent", async () => {
  const server = new FakeServer();
  const peer = new FakePeerConnection();
  peer.signalingState = "closed";
  const client = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(server) });

  await assert.rejects(connect(peer, { server: client }), new UnreachableError("closed"));

  assert.deepEqual(server.requests, []);
});

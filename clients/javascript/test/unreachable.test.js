/** Why two peers could not reach each other. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, SignalingClient } from "../src/index.js";
import { outcome, stopTheClock, until } from "./clock.js";
import { FakePeerConnection } from "./fake-peer-connection.js";
import { FakeServer, fetchFrom } from "./fake-server.js";

const STUN = { urls: "stun:stun.example" };
const TURN = { urls: ["turns:turn.example"], username: "a", credential: "b" };

function candidates(side, ...types) {
  return types.map((candidateType) => ({ type: `${side}-candidate`, candidateType, address: "192.0.2.1" }));
}

/** Two peers exchange descriptions, and then ICE fails. Return the error of one of them. */
async function failure(t, { iceServers, local = [], remote = [], pair = "failed", sdp = "", broken }) {
  stopTheClock(t);
  const peer = new FakePeerConnection({ iceServers });
  peer.stats = [{ type: "candidate-pair", state: pair }, ...candidates("local", ...local), ...candidates("remote", ...remote)];
  if (broken) peer.getStats = broken;
  const server = new FakeServer();
  const channelId = server.open();
  server.serve({ method: "create_offer", channel_id: channelId, offer: `v=0${sdp}` });
  const client = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(server) });
  const connecting = connect(peer, { server: client, channelId });
  connecting.catch(() => {});
  await until(() => server.methods().includes("create_answer"));

  peer.become("failed");
  return outcome(connecting).then(assert.fail, (error) => error);
}

const CASES = {
  "no candidates arrived": [
    { local: ["host"] },
    "no-candidates",
    "no candidates of the other peer arrived",
  ],
  "the other peer's only candidates have names that cannot be resolved": [
    { local: ["host"], sdp: "\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\n" },
    "unknown",
    "the peers could not reach each other",
  ],
  "there are no STUN or TURN servers": [
    { local: ["host"], remote: ["host"] },
    "unknown",
    "the peers could not reach each other",
  ],
  "no STUN server answered": [
    { iceServers: [STUN], local: ["host"], remote: ["host"] },
    "no-stun",
    "no STUN server answered",
  ],
  "both are behind NATs without a TURN server": [
    { iceServers: [STUN], local: ["host", "srflx"], remote: ["host", "srflx"] },
    "strict-nats",
    "both peers are behind strict NATs, with no TURN server",
  ],
  "only the other peer has a relay": [
    { iceServers: [STUN], local: ["host", "srflx"], remote: ["srflx", "relay"] },
    "unknown",
    "the peers could not reach each other",
  ],
  "only this peer is behind a NAT": [
    { iceServers: [STUN], local: ["host", "srflx"], remote: ["host"] },
    "unknown",
    "the peers could not reach each other",
  ],
  "the TURN server gave no address": [
    { iceServers: [STUN, TURN], local: ["host", "srflx"], remote: ["srflx", "relay"] },
    "no-relay",
    "the TURN server gave no address",
  ],
  "even the relay did not help": [
    { iceServers: [TURN], local: ["host", "relay"], remote: ["host"] },
    "unknown",
    "the peers could not reach each other",
  ],
  "DTLS failed": [
    { iceServers: [STUN], pair: "succeeded", local: ["host"], remote: ["host"] },
    "unknown",
    "the peers could not reach each other",
  ],
  "there are no statistics": [
    { broken: async () => Promise.reject(new Error("not implemented")) },
    "unknown",
    "the peers could not reach each other",
  ],
};

for (const [name, [circumstances, reason, message]] of Object.entries(CASES)) {
  test(`if ${name}, the error says: ${message}`, async (t) => {
    const error = await failure(t, circumstances);

    assert.deepEqual([error.name, error.reason, error.message], ["UnreachableError", reason, message]);
    assert.doesNotMatch(JSON.stringify(error) + error.stack, /192\.0\.2\.1/);
  });
}

test("if no candidates arrive, ICE does not begin, and the error says so after a minute", async (t) => {
  stopTheClock(t);
  const peer = new FakePeerConnection({ iceServers: [STUN] });
  peer.hasNobody = true;
  const server = new FakeServer();
  const channelId = server.open();
  server.serve({ method: "create_offer", channel_id: channelId, offer: "v=0" });
  const client = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(server) });
  const began = Date.now();

  const connecting = connect(peer, { server: client, channelId });

  await assert.rejects(outcome(connecting), { name: "UnreachableError", reason: "no-candidates" });
  assert.ok(Math.abs(Date.now() - began - 60_000) < 1000, `${Date.now() - began} ms`);
});

test("closing a failed connection does not wait for its statistics", async (t) => {
  stopTheClock(t);
  const peer = new FakePeerConnection();
  peer.getStats = () => new Promise(() => {});
  const server = new FakeServer();
  const client = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(server) });
  const connecting = connect(peer, { server: client });
  connecting.catch(() => {});
  await until(() => server.methods().includes("get_answer"));
  peer.become("failed");
  const began = Date.now();

  peer.close();

  await assert.rejects(outcome(connecting), { name: "UnreachableError", reason: "closed" });
  assert.ok(Date.now() - began <= 1000);
});

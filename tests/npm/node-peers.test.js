/** The client in Node, with WebRTC implementations from npm. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { RTCPeerConnection as Polyfill } from "node-datachannel/polyfill";
import { RTCPeerConnection as Werift } from "werift";

import { connect, createKey, SignalingClient } from "../../clients/javascript/src/index.js";
import { FakeServer, fetchFrom } from "../../clients/javascript/test/fake-server.js";
import { NodeDataChannelConnection } from "./node-datachannel-connection.js";

/** Connect two peers, and return what the second one receives. */
async function exchange(offering, answering) {
  const server = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(new FakeServer()) });
  const key = createKey();
  const chat = offering.createDataChannel("chat");
  const received = new Promise((resolve) => {
    answering.ondatachannel = ({ channel }) => (channel.onmessage = ({ data }) => resolve(data));
  });
  let connected;
  const channelId = await new Promise((onChannel, fail) => {
    connected = connect(offering, { server, key, onChannel });
    connected.catch(fail);
  });
  await Promise.all([connected, connect(answering, { server, key, channelId })]);
  if (chat.readyState !== "open") await new Promise((resolve) => (chat.onopen = resolve));
  chat.send("hello");
  return received;
}

for (const [name, Connection] of [
  ["werift", Werift],
  ["node-datachannel", NodeDataChannelConnection],
]) {
  test(`two peers on ${name} connect`, { timeout: 600_000 }, async () => {
    const peers = [new Connection({ iceServers: [] }), new Connection({ iceServers: [] })];

    const received = await exchange(...peers);

    assert.equal(received, "hello");
    for (const peer of peers) peer.close();
  });
}

test("node-datachannel's polyfill cannot restart ICE, which an offerer needs on a server with ICE servers", () => {
  const peer = new Polyfill({ iceServers: [] });

  assert.throws(() => peer.restartIce());

  peer.close();
});

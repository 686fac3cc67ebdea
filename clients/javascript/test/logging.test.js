import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, createKey, SignalingClient, TamperedError } from "../src/index.js";
import { listen } from "../src/listen.js";
import { outcome, stopTheClock, until } from "./clock.js";
import { FakePeerConnection } from "./fake-peer-connection.js";
import { FakeServer, fetchFrom } from "./fake-server.js";
import { Network } from "./network.js";

const WAYS = ["debug", "error", "info", "log", "trace", "warn"];
const SERVER = "https://signaling.example/";

/** Return a client that notes the URLs of its requests. */
function clientThatNotes(urls) {
  const serve = fetchFrom(new FakeServer());
  const fetch = (url, options) => {
    urls.push(String(url));
    return serve(url, options);
  };
  return new SignalingClient(SERVER, { fetch });
}

/** Two peers connect, and a third one with another key fails. Returns the URLs of all requests. */
async function exchange() {
  const urls = [];
  const server = clientThatNotes(urls);
  const key = createKey();
  const peers = [new FakePeerConnection(), new FakePeerConnection()];
  let channelId;
  const offering = connect(peers[0], { server, key, onChannel: (id) => (channelId = id) });
  await until(() => channelId);
  const stranger = connect(new FakePeerConnection(), { server, key: createKey(), channelId });
  await assert.rejects(outcome(stranger), TamperedError);
  const answering = connect(peers[1], { server, key, channelId });
  await until(() => peers.every((peer) => peer.localDescription && peer.remoteDescription));
  for (const peer of peers) peer.become("connected");
  await outcome(offering);
  await outcome(answering);
  return urls;
}

/** A guest comes to an address, and another one with another key fails. Returns the URLs of all requests. */
async function visit() {
  const urls = [];
  const server = clientThatNotes(urls);
  const { newConnection } = new Network();
  const end = new AbortController();
  let address;
  const listening = listen({ server, newConnection, onPeer() {}, onLink: (opened) => (address = opened), signal: end.signal });
  await until(() => address);
  const { addressId, key } = address;
  await outcome(connect(newConnection, { server, addressId, key }));
  await assert.rejects(outcome(connect(newConnection, { server, addressId, key: createKey() })), TamperedError);
  end.abort();
  await outcome(listening);
  return urls;
}

test("the client writes nothing to the console, whether it connects or fails", async (t) => {
  const said = [];
  for (const way of WAYS) t.mock.method(console, way, (...words) => said.push(words.join(" ")));
  stopTheClock(t);

  await exchange();
  await visit();

  // Node itself warns that its fake clock is experimental.
  assert.deepEqual(said.filter((line) => !line.includes("ExperimentalWarning")), []);
});

test("requests go to the server's URL and nothing else, so no URL contains a channel's id", async (t) => {
  stopTheClock(t);

  const urls = [...(await exchange()), ...(await visit())];

  assert.ok(urls.length > 10);
  assert.deepEqual(new Set(urls), new Set([SERVER]));
});

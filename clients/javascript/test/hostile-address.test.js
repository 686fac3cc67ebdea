/** A hostile server at an address: guests and hosts do not hang, loop or raise errors of the browser. */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { sealPointer } from "../src/address.js";
import { connect, createKey, PeerpostError, SignalingClient } from "../src/index.js";
import { listen } from "../src/listen.js";
import { sealerOf } from "../src/sealer.js";
import { outcome, pass, stopTheClock } from "./clock.js";
import { Network } from "./network.js";

const ID = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e";
const STEP_MS = 250;
const PATIENCE_MS = 300_000;
// A guest makes at most one request a second on average, and two for each door that it tries.
const MOST_REQUESTS = 900;
const TURN = { urls: "turn:turn.example", username: "1795643208:a", credential: "abc=" };

/** A client of a server with these replies. Each is a JSON value or a sentence of refusal. */
function clientOf(replies, requests) {
  const fetch = async (_, { signal }) => {
    signal.throwIfAborted();
    const reply = replies[requests.push(1) % replies.length];
    return reply?.refusal ? new Response(reply.refusal, { status: 400 }) : Response.json(reply);
  };
  return new SignalingClient("https://signaling.example/", { fetch });
}

function anyReplies(offer) {
  const members = Object.entries({ channel_id: ID, ttl: 86_400, offer, answer: "v=0", items: ["a"], next: 1, ice_servers: [TURN] });
  const usual = members.map(([name, value]) => [name, fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, fc.jsonValue())]);
  const refusal = fc.constantFrom("no such channel", "no offer yet", "no answer yet", "answer already exists", "owner is missing");
  const reply = fc.oneof(
    { weight: 3, arbitrary: fc.record(Object.fromEntries(usual), { requiredKeys: [] }) },
    fc.record({ refusal }),
    fc.jsonValue(),
  );
  return fc.array(reply, { minLength: 1, maxLength: 5 });
}

test("a guest raises only our own errors, whatever a server replies", async (t) => {
  stopTheClock(t);
  const key = createKey();
  const offer = await sealPointer(await sealerOf(key), { door: ID, key: createKey(), offer: "v=0" });
  const property = fc.asyncProperty(anyReplies(offer), async (replies) => {
    const requests = [];
    const began = Date.now();
    const { newConnection } = new Network();
    const connecting = connect(newConnection, { server: clientOf(replies, requests), addressId: ID, key });

    const error = await outcome(connecting, STEP_MS).then(assert.fail, (reason) => reason);

    assert.ok(error instanceof PeerpostError, error);
    assert.ok(Date.now() - began <= PATIENCE_MS + 1000);
    assert.ok(requests.length < MOST_REQUESTS, `${requests.length} requests`);
  });

  await fc.assert(property, { numRuns: 40 });
});

test("a host goes on or raises one of our own errors, whatever a server replies", async (t) => {
  stopTheClock(t);
  const property = fc.asyncProperty(anyReplies("v=0"), async (replies) => {
    const requests = [];
    const end = new AbortController();
    const { newConnection, connections } = new Network();
    const server = clientOf(replies, requests);
    let error;
    listen({ server, newConnection, onPeer: assert.fail, signal: end.signal }).catch((reason) => (error = reason));

    await pass(PATIENCE_MS, STEP_MS);
    end.abort();
    await pass(1000, STEP_MS);

    assert.ok(!error || error instanceof PeerpostError, error);
    assert.ok(requests.length < MOST_REQUESTS, `${requests.length} requests`);
    assert.ok(connections.every(({ connectionState }) => connectionState === "closed"));
  });

  // JavaScript cannot turn this object into a number.
  const examples = [[[{ channel_id: ID, ttl: { toString: 1 } }]]];
  await fc.assert(property, { numRuns: 40, examples });
});

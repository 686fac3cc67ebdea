/** A hostile server: the client does not hang, loop or fill the memory. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import fc from "fast-check";

import { connect, ExpiredError, NetworkError, PeerpostError, RefusalError, ServerError, SignalingClient } from "../src/index.js";
import { outcome, stopTheClock } from "./clock.js";
import { FakePeerConnection } from "./fake-peer-connection.js";

const ID = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e";
const MEGABYTE = 1_000_000;
const CHUNK = "x".repeat(65_536);
const CHANNEL_TTL_MS = 300_000;
// The fake clock advances in these steps, for up to 300 seconds.
const STEP_MS = 250;
const MAX_CANDIDATES = 800;
// A channel needs at most one request for each candidate, and the polls of 300 seconds. More requests mean a loop.
const MOST_REQUESTS = MAX_CANDIDATES + 400;

/** A client of a server with these replies, over real HTTP. */
async function clientOf(t, reply, patience = 10) {
  const server = createServer((request, response) => {
    // The client is expected to close the connection early.
    response.on("error", () => {});
    request.resume().on("end", () => reply(response, request));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return new SignalingClient(`http://127.0.0.1:${server.address().port}/`, { patience });
}

const errorOf = (client) => client.getAnswer(ID).then(assert.fail, (error) => error);

for (const [status, length] of [[200], [200, 100 * MEGABYTE], [400], [503, 100 * MEGABYTE]]) {
  test(`${length ? "a 100 MB" : "an endless"} reply with status ${status} is not read completely`, async (t) => {
    let sent = 0;
    let gone;
    const ended = new Promise((resolve) => (gone = resolve));
    const client = await clientOf(t, (response) => {
      response.writeHead(status, length ? { "Content-Length": length } : {});
      response.on("close", gone);
      const send = () => {
        while (!response.destroyed && sent < (length ?? Infinity)) {
          sent += CHUNK.length;
          if (!response.write(CHUNK)) return response.once("drain", send);
        }
      };
      send();
    });

    const error = await errorOf(client);

    assert.equal(error.constructor, NetworkError);
    assert.notEqual(error.cause?.name, "TimeoutError");
    await ended;
    assert.ok(sent < 30 * MEGABYTE, `${sent} bytes`);
  });
}

test("a reply that decompresses to 100 MB is not decompressed completely", async (t) => {
  const packed = gzipSync(Buffer.alloc(100 * MEGABYTE), { level: 1 });
  const client = await clientOf(t, (response) => {
    response.writeHead(200, { "Content-Encoding": "gzip" }).end(packed);
  });
  const before = process.memoryUsage().arrayBuffers;

  const error = await errorOf(client);

  assert.equal(error.constructor, NetworkError);
  assert.notEqual(error.cause?.name, "TimeoutError");
  assert.ok(process.memoryUsage().arrayBuffers - before < 50 * MEGABYTE);
});

for (const where of ["headers", "body"]) {
  test(`a reply whose ${where} arrive byte by byte is abandoned`, async (t) => {
    const client = await clientOf(
      t,
      (response) => {
        const { socket } = response;
        socket.write(`HTTP/1.1 200 OK\r\n${where === "body" ? "\r\n" : ""}`);
        const drip = setInterval(() => socket.write(where === "body" ? " " : "X: y\r\n"), 20);
        socket.on("error", () => {}).on("close", () => clearInterval(drip));
      },
      0.3,
    );

    const error = await errorOf(client);

    assert.equal(error.constructor, NetworkError);
    assert.equal(error.cause.name, "TimeoutError");
  });
}

for (const status of [301, 302, 307, 308]) {
  test(`a redirect by ${status} is not followed`, async (t) => {
    let requests = 0;
    const client = await clientOf(t, (response) => {
      requests++;
      response.writeHead(status, { Location: "/" }).end();
    });

    const error = await errorOf(client);

    assert.equal(error.constructor, NetworkError);
    assert.equal(requests, 1);
  });
}

for (const body of ["<!doctype html><title>Welcome</title>", "", "null", "1", '"x"', "true", "[".repeat(100_000)]) {
  test(`200 with ${JSON.stringify(body.slice(0, 20))} is an invalid reply`, async () => {
    const client = new SignalingClient("https://signaling.example/", { fetch: async () => new Response(body) });

    const error = await errorOf(client);

    assert.equal(error.constructor, NetworkError);
    assert.equal(error.message, "the reply is not from a Peerpost server");
  });
}

test("an error contains at most 200 characters of a proxy's error page", async () => {
  for (const status of [400, 502]) {
    const fetch = async () => new Response("x".repeat(100_000), { status });

    const error = await errorOf(new SignalingClient("https://signaling.example/", { fetch }));

    assert.ok(error.message.length <= 200);
  }
});

/** Let a peer use a server that always replies with `say`, until it ends. Fail if it does not end with our own error. */
async function endOf(say, role, peer = new FakePeerConnection({ iceServers: [{ urls: "stun:example.org" }] })) {
  let requests = 0;
  let skipped = 0;
  const began = Date.now();
  const controller = new AbortController();
  const fetch = async (_, { body, signal }) => {
    signal.throwIfAborted();
    const request = JSON.parse(body);
    if (++requests > MOST_REQUESTS) controller.abort(new Error("it asks on and on"));
    const reply = say(request, requests);
    return reply instanceof Response ? reply : Response.json(reply);
  };
  const ending = connect(peer, {
    server: new SignalingClient("https://signaling.example/", { fetch }),
    channelId: role === "answerer" ? ID : undefined,
    signal: controller.signal,
    onProgress: (step) => (skipped += step === "ice-server-skipped"),
  });
  const error = await outcome(ending, STEP_MS).then(assert.fail, (reason) => reason);
  assert.ok(error instanceof PeerpostError, error);
  assert.ok(Date.now() - began <= CHANNEL_TTL_MS + 1000);
  return { error, requests, skipped };
}

const BASE = { channel_id: ID, offer: "an offer", answer: "an answer" };

/** A server that sends these ICE servers only when asked for some. Sending long lists more often takes seconds. */
const onceAsked = (ice_servers) => (request) => (request.ice_servers ? { ...BASE, ice_servers } : BASE);
const TURN = { urls: "turn:turn.example", username: "1795643208:a", credential: "abc=" };

for (const role of ["offerer", "answerer"]) {
  test(`an ${role} whose server replies "not yet" at once polls less than once a second on average`, async (t) => {
    stopTheClock(t);
    const { error, requests } = await endOf(({ method }) => {
      if (method === "create_data_channel") return { channel_id: ID };
      return method === "create_offer" ? {} : new Response(`no ${method.slice("get_".length)} yet`, { status: 400 });
    }, role);

    assert.equal(error.constructor, ExpiredError);
    assert.ok(requests < 300, requests);
  });

  for (const retryAfter of ["", "0", "1000000000", "Infinity", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    test(`an ${role} gives up on a server that stays unavailable, Retry-After: ${retryAfter}`, async (t) => {
      stopTheClock(t);
      const headers = { "Retry-After": retryAfter };

      const { error, requests } = await endOf(() => new Response("", { status: 503, headers }), role);

      assert.equal(error.constructor, ServerError);
      // If Retry-After is longer than a channel lives, there is not even a second request.
      assert.equal(requests, retryAfter.length > 1 ? 1 : 4);
    });
  }

  const FOR_EVER = {
    "the same candidate": () => ({ items: ["a"], next: 0 }),
    "the same candidate at ever higher positions": (count) => ({ items: ["a"], next: Math.min(count, MAX_CANDIDATES) }),
    "a new candidate each time": (count) => ({ items: [String(count)], next: 1 }),
    "new candidates, without next": (count) => ({ items: Array.from({ length: count % 900 }, (_, each) => `${each}`) }),
    "more candidates, then fewer": (count) => ({ items: Array(count % 2 ? 5 : 0).fill("a") }),
    "as many candidates as a channel holds": () => ({ items: Array(MAX_CANDIDATES).fill("a"), next: MAX_CANDIDATES }),
    "a million candidates": () => ({ items: Array(MEGABYTE).fill(""), next: 1 }),
    "next that goes backwards": (count) => ({ items: ["a"], next: MAX_CANDIDATES - count }),
    "next of 10^308": () => ({ items: [], next: 1e308 }),
    "next that cannot become a number": () => ({ items: ["a"], next: { toString: 1 } }),
    "items that are a string": () => ({ items: "abc", next: 3 }),
    "items that are null": () => ({ items: null }),
  };
  for (const [name, items] of Object.entries(FOR_EVER)) {
    test(`an ${role} gives up on a server that always replies with ${name}`, async (t) => {
      stopTheClock(t);

      await endOf((_, count) => ({ ...BASE, ...items(count) }), role);
    });
  }

  test(`an ${role} does not remember more candidates than two channels hold`, async (t) => {
    stopTheClock(t);
    const others = (count) => Array.from({ length: MAX_CANDIDATES }, (_, number) => `${count} ${number}`);

    const { error, requests } = await endOf((_, count) => ({ ...BASE, items: others(count), next: 1 }), role);

    assert.equal(error.message, "the reply is not from a Peerpost server");
    assert.ok(requests < 8, `${requests} requests`);
  });

  for (const [name, ice_servers] of Object.entries({
    null: null,
    "a string": "turn:turn.example",
    "a number": 1,
    "an ICE server without a list": TURN,
    "an object that looks like a list": { length: 1, 0: TURN },
  })) {
    test(`an ${role} does not accept ${name} as a list of ICE servers`, async (t) => {
      stopTheClock(t);

      const { error, requests } = await endOf(() => ({ ...BASE, ice_servers }), role);

      assert.equal(error.constructor, NetworkError);
      assert.equal(error.message, "the reply is not from a Peerpost server");
      assert.ok(requests <= 2, `${requests} requests`); // The second request deletes the channel.
    });
  }

  const LONG_ICE_SERVERS = {
    "with a URL of a megabyte": { ...TURN, urls: `turn:${"x".repeat(MEGABYTE)}` },
    "with a credential of a megabyte": { ...TURN, credential: "x".repeat(MEGABYTE) },
  };
  const ODD_ICE_SERVERS = {
    "that is null": null,
    "that is a number": 7,
    "that is a string": "turn:turn.example",
    "that is a list": [TURN],
    "without a URL": {},
    "with a number for a URL": { urls: 7 },
    "with null for a URL": { urls: null },
    "with no URLs": { ...TURN, urls: [] },
    "with a list of lists of URLs": { urls: [[["turn:turn.example"], []]] },
    "with a script for a URL": { ...TURN, urls: "javascript:alert(1)" },
    "with a web page for a URL": { ...TURN, urls: "https://turn.example/" },
    "with a script among its URLs": { ...TURN, urls: ["turn:turn.example", "javascript:alert(1)"] },
    "without a credential": { urls: "turn:turn.example", username: "a" },
    ...LONG_ICE_SERVERS,
  };
  for (const [name, odd] of Object.entries(ODD_ICE_SERVERS)) {
    test(`an ${role} skips an ICE server ${name}, and uses the next`, async (t) => {
      stopTheClock(t);
      const peer = new FakePeerConnection();

      const ice_servers = [odd, TURN];
      const say = name in LONG_ICE_SERVERS ? onceAsked(ice_servers) : () => ({ ...BASE, ice_servers });
      const { skipped } = await endOf(say, role, peer);

      assert.deepEqual(peer.getConfiguration().iceServers, [{ ...TURN, urls: [TURN.urls] }]);
      assert.equal(skipped, 1);
    });
  }

  test(`an ${role} does not use 10,000 ICE servers`, async (t) => {
    stopTheClock(t);
    const urls = Array.from({ length: 10_000 }, (_, number) => `stun:host${number}.example`);
    for (const ice_servers of [urls.map((each) => ({ urls: each })), [{ urls }]]) {
      const peer = new FakePeerConnection();

      await endOf(onceAsked(ice_servers), role, peer);

      const used = peer.getConfiguration().iceServers.flatMap(({ urls }) => urls);
      assert.ok(used.length > 0 && used.length <= 24, `${used.length} URLs`);
    }
  });

  test(`an ${role} does not let a server change its ICE transport policy`, async (t) => {
    stopTheClock(t);
    const peer = new FakePeerConnection({ iceTransportPolicy: "relay" });
    const foreign = { iceTransportPolicy: "all", credentialType: "oauth", peerIdentity: "x" };

    await endOf(() => ({ ...BASE, ...foreign, ice_servers: [{ ...TURN, ...foreign }] }), role, peer);

    const { iceServers, ...rest } = peer.getConfiguration();
    assert.deepEqual(rest, { iceTransportPolicy: "relay" });
    assert.deepEqual(Object.keys(iceServers[0]), ["urls", "username", "credential"]);
  });

  test(`an ${role} raises only our own errors, whatever a server replies`, async (t) => {
    stopTheClock(t);
    const members = Object.entries({ ...BASE, items: ["a"], next: 1, ice_servers: [TURN] }).map(([name, value]) => [
      name,
      fc.oneof(fc.constant(value), fc.jsonValue()),
    ]);
    const reply = fc.oneof(fc.record(Object.fromEntries(members), { requiredKeys: [] }), fc.jsonValue());
    const property = fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 4 }), async (replies) => {
      await endOf((_, count) => Response.json(replies[count % replies.length]), role);
    });

    await fc.assert(property, { numRuns: 20 });
  });
}

test("whatever bytes a server sends, a request returns a reply or raises our own error", async () => {
  const status = fc.constantFrom(200, 400, 404, 429, 500, 503);
  const body = fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }), fc.json());
  const retryAfter = fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String));
  const property = fc.asyncProperty(status, body, retryAfter, async (status, body, retryAfter) => {
    const headers = { get: (name) => (name === "Retry-After" ? retryAfter : null) };
    const { body: stream } = new Response(body);
    const fetch = async () => ({ status, ok: status === 200, headers, body: stream });

    const client = new SignalingClient("https://signaling.example/", { fetch });
    const reply = await client.getOffer(ID).catch((error) => error);

    if (reply instanceof ServerError) assert.ok(reply.retryAfter >= 0);
    else if (reply instanceof Error) assert.ok(reply instanceof NetworkError || reply instanceof RefusalError);
    else assert.equal(typeof reply, "object");
  });

  await fc.assert(property, { numRuns: 300 });
});

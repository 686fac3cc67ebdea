import assert from "node:assert/strict";
import { test } from "node:test";

import { AccessError, ExpiredError, NetworkError, RefusalError, ServerError, SignalingClient } from "../src/index.js";

const ID = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e";

function clientThatGets(reply, calls = [], accessKey = undefined) {
  const fetch = async (url, options) => {
    calls.push({ url, ...options });
    return typeof reply === "function" ? reply(options) : reply;
  };
  return new SignalingClient("https://signaling.example/", { accessKey, fetch, patience: 0.05 });
}

const refusal = (status, text, headers) => clientThatGets(new Response(text, { status, headers }));

const METHODS = [
  [(client) => client.createDataChannel(), { method: "create_data_channel" }],
  [
    (client) => client.createDataChannel({ offer: "v=0", candidates: ["a"] }),
    { method: "create_data_channel", offer: "v=0", candidates: ["a"] },
  ],
  [
    (client) => client.createDataChannel({ offer: "v=0", iceServers: true }),
    { method: "create_data_channel", offer: "v=0", ice_servers: true },
  ],
  [
    (client) => client.createDataChannel({ ttl: 86_400, owner: "secret" }),
    { method: "create_data_channel", ttl: 86_400, owner: "secret" },
  ],
  [(client) => client.createOffer(ID, "v=0"), { method: "create_offer", channel_id: ID, offer: "v=0" }],
  [
    (client) => client.createOffer(ID, "v=0", { candidates: ["a"] }),
    { method: "create_offer", channel_id: ID, offer: "v=0", candidates: ["a"] },
  ],
  [
    (client) => client.createOffer(ID, "v=0", { owner: "secret" }),
    { method: "create_offer", channel_id: ID, offer: "v=0", owner: "secret" },
  ],
  [(client) => client.getOffer(ID), { method: "get_offer", channel_id: ID }],
  [
    (client) => client.getOffer(ID, { since: 0, wait: 0.01 }),
    { method: "get_offer", channel_id: ID, since: 0, wait: 0.01 },
  ],
  [
    (client) => client.getOffer(ID, { iceServers: true }),
    { method: "get_offer", channel_id: ID, ice_servers: true },
  ],
  [
    (client) => client.createAnswer(ID, "v=0", { candidates: [] }),
    { method: "create_answer", channel_id: ID, answer: "v=0", candidates: [] },
  ],
  [
    (client) => client.createAnswer(ID, "v=0", { owner: "secret" }),
    { method: "create_answer", channel_id: ID, answer: "v=0", owner: "secret" },
  ],
  [(client) => client.getAnswer(ID, { since: 2 }), { method: "get_answer", channel_id: ID, since: 2 }],
  [(client) => client.createCandidate(ID, "a"), { method: "create_candidate", channel_id: ID, candidate: "a" }],
  [
    (client) => client.createCandidate(ID, ["a", "b"]),
    { method: "create_candidate", channel_id: ID, candidates: ["a", "b"] },
  ],
  [
    (client) => client.createCandidate(ID, ["a"], { owner: "secret" }),
    { method: "create_candidate", channel_id: ID, candidates: ["a"], owner: "secret" },
  ],
  [(client) => client.getCandidates(ID, { since: 1 }), { method: "get_candidates", channel_id: ID, since: 1 }],
  [(client) => client.getIceServers(), { method: "get_ice_servers" }],
  [(client) => client.getIceServers(ID), { method: "get_ice_servers", channel_id: ID }],
  [(client) => client.deleteDataChannel(ID), { method: "delete_data_channel", channel_id: ID }],
  [
    (client) => client.deleteDataChannel(ID, { owner: "secret" }),
    { method: "delete_data_channel", channel_id: ID, owner: "secret" },
  ],
];

for (const [call, request] of METHODS) {
  test(`${request.method} sends ${Object.keys(request).slice(1).join(", ") || "nothing else"}`, async () => {
    const calls = [];

    const reply = await call(clientThatGets(Response.json({ some: "reply" }), calls));

    assert.deepEqual(reply, { some: "reply" });
    assert.deepEqual(JSON.parse(calls[0].body), request);
  });
}

test("a request needs no preflight, and does not identify its sender", async () => {
  const calls = [];

  await clientThatGets(Response.json({}), calls).createDataChannel();

  const [{ body, cache, credentials, headers, method }] = calls;
  assert.equal(headers, undefined);
  assert.equal(new Request("https://signaling.example/", { method, body }).headers.get("Content-Type"), "text/plain;charset=UTF-8");
  assert.deepEqual([method, cache, credentials], ["POST", "no-store", "omit"]);
});

const KEY = "dGhpcyBpcyBub3QgYSBzZWNyZXQ";

for (const [call, request] of METHODS) {
  const isKeyed = !request.channel_id;
  test(`${request.method} ${isKeyed ? "sends" : "does not send"} the access key: ${Object.keys(request)}`, async () => {
    const calls = [];

    await call(clientThatGets(Response.json({}), calls, KEY));

    assert.deepEqual(calls[0].headers && [...calls[0].headers], isKeyed ? [["authorization", `Bearer ${KEY}`]] : undefined);
    assert.doesNotMatch(calls[0].body + calls[0].url, new RegExp(KEY));
  });
}

test("a server URL loses its fragment, and is refused if it has a user name or password", async () => {
  const calls = [];
  const fetch = async (url) => {
    calls.push(url);
    return Response.json({});
  };

  await new SignalingClient("https://signaling.example/#old", { fetch }).getOffer(ID);

  assert.deepEqual(calls, ["https://signaling.example/"]);
  for (const url of ["https://user@signaling.example/", "https://user:password@signaling.example/"]) {  // pragma: allowlist secret
    assert.throws(() => new SignalingClient(url, { fetch }), TypeError);
  }
});

test("an access key that does not fit in a header is refused before anything is sent", async () => {
  for (const accessKey of ["two\nlines", "ключ"]) {
    assert.throws(() => new SignalingClient("https://signaling.example/", { accessKey }), TypeError);
  }
});

const ERRORS = [
  [refusal(400, "no offer yet"), RefusalError, { message: "no offer yet" }],
  [refusal(400, "no such channel"), ExpiredError, { message: "no such channel" }],
  [refusal(401, "access key is missing"), AccessError, { message: "access key is missing" }],
  [refusal(401, "access key is unknown", { "Retry-After": "1" }), AccessError, { message: "access key is unknown" }],
  [refusal(413, "too large"), RefusalError, { message: "too large" }],
  [refusal(429, "busy"), ServerError, { status: 429, retryAfter: 0 }],
  [refusal(500, "internal error"), ServerError, { message: "internal error", status: 500, retryAfter: 0 }],
  [refusal(503, "", { "Retry-After": "7" }), ServerError, { status: 503, retryAfter: 7 }],
  [refusal(503, "", { "Retry-After": "soon" }), ServerError, { retryAfter: 0 }],
  [refusal(503, "", { "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT" }), ServerError, { retryAfter: 0 }],
  [refusal(200, "<html>"), NetworkError, { message: "the reply is not from a Peerpost server" }],
  [clientThatGets(() => Promise.reject(new TypeError("Failed to fetch"))), NetworkError, {}],
  [clientThatGets(never), NetworkError, { message: "no reply from https://signaling.example/" }],
  [page(501), ServerError, { message: "https://signaling.example/ replied 501", status: 501 }],
  [page(403), RefusalError, { message: "https://signaling.example/ replied 403" }],
];

/** A reply from something in front of the server or in its place, such as a proxy. */
function page(status) {
  return clientThatGets(new Response("<!DOCTYPE html>", { status, headers: { "Content-Type": "text/html" } }));
}

function never({ signal }) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

for (const [client, errorClass, members] of ERRORS) {
  test(`a failed request rejects with a ${errorClass.name}: ${JSON.stringify(members)}`, async () => {
    // AbortSignal.timeout does not keep Node running, so this timer does.
    const alive = setTimeout(() => {}, 10_000);

    const error = await client.getOffer(ID).catch((error) => error);

    clearTimeout(alive);
    assert.equal(error.constructor, errorClass);
    assert.equal(error.name, errorClass.name);
    for (const [name, value] of Object.entries(members)) assert.equal(error[name], value);
  });
}

test("a browser that is too old is not reported as a server that does not reply", async (t) => {
  const { any } = AbortSignal;
  AbortSignal.any = undefined;
  t.after(() => (AbortSignal.any = any));
  const client = clientThatGets(Response.json({}));

  await assert.rejects(client.getOffer(ID, { signal: new AbortController().signal }), TypeError);
});

test("a date in Retry-After becomes the seconds from now", async () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();

  const error = await refusal(429, "", { "Retry-After": inAMinute }).getOffer(ID).catch((error) => error);

  assert.ok(error.retryAfter > 50 && error.retryAfter <= 60, error.retryAfter);
});

test("an abort ends a request with the given reason", async () => {
  const controller = new AbortController();
  const reading = clientThatGets(never).getOffer(ID, { signal: controller.signal, wait: 20 });

  controller.abort("no more");

  assert.equal(await reading.catch((reason) => reason), "no more");
});

test("preconnect opens a connection without credentials, like the requests", (t) => {
  const links = [];
  const remove = () => links.push("removed");
  globalThis.document = { createElement: (name) => ({ name, remove }), head: { append: (link) => links.push(link) } };
  t.after(() => delete globalThis.document);

  new SignalingClient("https://signaling.example/").preconnect();
  clientThatGets(new Response("{}")).preconnect(); // With a custom `fetch`, the browser's connection would be useless.

  const link = { name: "link", rel: "preconnect", href: "https://signaling.example/", crossOrigin: "", remove };
  assert.deepEqual(links, [link, "removed"]);
});

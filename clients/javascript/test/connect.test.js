import assert from "node:assert/strict";
import { test } from "node:test";

import { AccessError, connect, createKey, RefusalError, SignalingClient } from "../src/index.js";
import { outcome, stopTheClock, stopTheVariation, until } from "./clock.js";
import { FakePeerConnection } from "./fake-peer-connection.js";
import { answerWith, FakeServer, fetchFrom, loseTheReply, loseTheRequest } from "./fake-server.js";

/** One peer: its connection, the steps that it reported, and its outcome. */
function start(server, options = {}, peer = new FakePeerConnection(options)) {
  const told = { peer, steps: [], details: {} };
  const { accessKey, iceServers, ...rest } = options;
  told.ending = connect(peer, {
    server: new SignalingClient("https://signaling.example/", { accessKey, fetch: fetchFrom(server) }),
    onChannel: (channelId) => (told.channelId = channelId),
    onProgress: (step, detail) => {
      told.steps.push(step);
      told.details[step] = detail;
    },
    ...rest,
  });
  told.ending.catch(() => {});
  return told;
}

async function bothStarted(server, options = {}) {
  const offerer = start(server, options);
  await until(() => offerer.channelId);
  const answerer = start(server, { ...options, channelId: offerer.channelId });
  return [offerer, answerer];
}

async function bothDescribed(server, options = {}) {
  const both = await bothStarted(server, options);
  await until(() => both.every(({ peer }) => peer.localDescription && peer.remoteDescription));
  return both;
}

async function connected(...sides) {
  for (const { peer } of sides) peer.become("connected");
  for (const { ending } of sides) await outcome(ending);
}

const added = ({ peer }) => peer.done.filter(([what]) => what === "addIceCandidate").map(([, candidate]) => candidate);
const writes = (server) => server.methods().filter((method) => method === "create_candidate").length;

test("two peers connect with four requests, and one more deletes the channel", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [offerer, answerer] = await bothDescribed(server);

  await connected(offerer, answerer);

  assert.deepEqual(server.methods().sort(), [
    "create_answer",
    "create_data_channel",
    "delete_data_channel",
    "get_answer",
    "get_offer",
  ]);
  assert.equal(answerer.peer.remoteDescription.sdp, "v=0 offer");
  assert.equal(offerer.peer.remoteDescription.sdp, "v=0 answer");
  assert.deepEqual(offerer.steps.filter((step) => step !== "request"), [
    "channel",
    "offer-sent",
    "answer-received",
    "connected",
  ]);
});

test("early candidates are part of the description, and later ones are sent together", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const peer = new FakePeerConnection();
  peer.iceGatheringState = "gathering";
  const offerer = start(server, {}, peer);
  await until(() => peer.localDescription);
  peer.find("early");
  peer.localDescription.sdp += " early";
  await until(() => offerer.channelId);

  for (const late of ["a", "b", "c"]) peer.find(late);
  await until(() => offerer.steps.includes("candidates-sent"));

  assert.equal(server.requests[0].offer, "v=0 offer early");
  assert.equal(writes(server), 1);
  const { candidates } = server.requests.find(({ method }) => method === "create_candidate");
  assert.deepEqual(candidates.map((each) => JSON.parse(each)), ["a", "b", "c"].map(
    (candidate) => ({ candidate, sdpMLineIndex: 0, sdpMid: "0", usernameFragment: "abcd" }),
  ));
});

test("an offer is sent without waiting for the end of gathering", async (t) => {
  stopTheClock(t);
  const peer = new FakePeerConnection();
  peer.iceGatheringState = "gathering";
  const began = Date.now();

  const offerer = start(new FakeServer(), {}, peer);
  await until(() => offerer.channelId);

  assert.ok(Date.now() - began < 300, `${Date.now() - began} ms`);
});

test("the other peer's candidates are added after its description, and our own are skipped", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => offerer.channelId);
  offerer.peer.find("of the offerer");
  await until(() => writes(server) === 1);
  const answerer = start(server, { channelId: offerer.channelId });
  await until(() => answerer.steps.includes("answer-sent"));
  answerer.peer.find("of the answerer");

  await until(() => added(offerer).length && added(answerer).length);

  assert.deepEqual(added(offerer), ["of the answerer"]);
  assert.deepEqual(added(answerer), ["of the offerer"]);
  const order = answerer.peer.done.map(([what]) => what);
  assert.ok(order.indexOf("setRemoteDescription") < order.indexOf("addIceCandidate"));
});

test("invalid candidates do no harm", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [offerer] = await bothDescribed(server);

  offerer.peer.find(null);
  offerer.peer.find("");
  offerer.peer.find("active", { tcpType: "active" });
  for (const item of ["{", '{"candidate":""}', "null", '{"candidate":"bad"}', '{"candidate":"good"}']) {
    server.serve({ method: "create_candidate", channel_id: offerer.channelId, candidate: item });
  }
  await until(() => added(offerer).length);

  assert.deepEqual(added(offerer), ["good"]);
  assert.equal(writes(server), 0);
});

test("candidates that were not sent to the server are sent over the negotiation channel", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [offerer, answerer] = await bothDescribed(server);
  offerer.peer.find("late");

  await connected(offerer, answerer);
  offerer.peer.find("later");
  offerer.peer.channel.readyState = "open";
  offerer.peer.channel.onopen();

  assert.deepEqual(offerer.peer.channel.sent.map((message) => message.candidate.candidate), ["late", "later"]);
  assert.equal(writes(server), 0);
});

const reads = (server) => server.methods().filter((method) => method === "get_candidates").length;

test("late candidates cost each side one write and at most one read", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const both = await bothStarted(server, { iceServers: [{ urls: "stun:stun.example" }] });
  for (const { peer } of both) peer.iceGatheringState = "gathering";
  await until(() => both.every(({ peer }) => peer.remoteDescription && peer.localDescription));

  both.forEach(({ peer }, number) => peer.find(`late ${number}`));
  await until(() => both.every((side) => added(side).length));
  const found = Date.now();
  await until(() => Date.now() - found > 200);
  await connected(...both);

  assert.deepEqual(both.map(added), [["late 1"], ["late 0"]]);
  assert.equal(writes(server), 2);
  assert.ok(reads(server) <= 2, `${reads(server)} reads`);
});

test("our own late candidates do not wake our own read", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server, { iceServers: [{ urls: "stun:stun.example" }] });
  await until(() => server.methods().includes("get_answer"));
  offerer.peer.iceGatheringState = "gathering";
  server.serve({ method: "create_answer", channel_id: offerer.channelId, answer: "v=0 answer" });
  server.wake();
  await until(() => offerer.peer.remoteDescription);

  offerer.peer.find("ours");
  await until(() => reads(server) === 1);
  const begun = Date.now();
  await until(() => Date.now() - begun > 4000);

  assert.equal(writes(server), 1);
  assert.deepEqual(server.requests.filter(({ method }) => method === "get_candidates").map(({ since }) => since), [1]);
});

test("new candidates are tried before more are requested", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [offerer] = await bothDescribed(server, { iceServers: [{ urls: "stun:stun.example" }] });
  await until(() => reads(server) === 2);
  server.serve({ method: "create_candidate", channel_id: offerer.channelId, candidate: '{"candidate":"theirs"}' });
  server.wake();
  await until(() => added(offerer).length);
  const taken = Date.now();

  await until(() => reads(server) === 4);

  assert.ok(Date.now() - taken >= 290, `${Date.now() - taken} ms`);
});

test("late candidates are read at once if there are ICE servers, and a little later if there are none", async (t) => {
  stopTheClock(t);
  for (const [iceServers, soon] of [
    [[{ urls: "stun:stun.example" }], true],
    [[], false],
  ]) {
    const server = new FakeServer();
    await bothDescribed(server, { iceServers });
    const described = Date.now();

    await until(() => server.methods().includes("get_candidates"));

    assert.equal(Date.now() - described < 500, soon);
  }
});

/** Return the reads of the answer within a while, each with its time in milliseconds since the first. */
async function answerReads(server, milliseconds) {
  const asked = [];
  await until(() => {
    const reads = server.requests.filter(({ method }) => method === "get_answer");
    for (const { wait } of reads.slice(asked.length)) asked.push({ at: Date.now(), wait });
    return asked.length > 0 && Date.now() - asked[0].at >= milliseconds;
  });
  return asked.map(({ at, wait }) => ({ at: at - asked[0].at, wait }));
}

test("an offerer asks the server to hold its first read, and then polls", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);

  const asked = await answerReads(server, 10_000);

  assert.deepEqual(asked.slice(0, 4).map(({ wait }) => wait), [0.9, 0, 0, 0]);
  assert.ok(asked[1].at > 1200 && asked[1].at < 1700, `${asked[1].at} ms`);
  assert.deepEqual(new Set(server.methods()), new Set(["create_data_channel", "get_answer"]));
  assert.equal(offerer.steps.includes("retry"), false);
});

test("the offerer polls often for half a minute, and less often after that", async (t) => {
  stopTheClock(t);
  stopTheVariation(t);
  const server = new FakeServer();
  start(server);

  const asked = await answerReads(server, 120_000);

  const between = (from, to) => asked.filter(({ at }) => at >= from * 1000 && at < to * 1000).length;
  // One poll every 0.55 s, and later one every 1.75 s.
  assert.ok(Math.abs(between(2, 32) - 30 / 0.55) < 6, `${between(2, 32)} polls`);
  assert.ok(Math.abs(between(34, 120) - 86 / 1.75) < 6, `${between(34, 120)} polls`);
});

test("a server that does not hold replies is polled soon, and then less and less often", async (t) => {
  stopTheClock(t);
  stopTheVariation(t);
  const server = new FakeServer({ holds: false });
  start(server);

  const asked = await answerReads(server, 60_000);

  assert.ok(asked[1].at < 200, `${asked[1].at} ms`);
  assert.ok(asked.filter(({ at }) => at < 1000).length >= 4);
  assert.ok(asked.length > 60 && asked.length < 90, `${asked.length} polls`);
});

test("after a long wait a client polls without holding, until there is news", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server, { iceServers: [{ urls: "stun:stun.example" }] });
  const waits = (await answerReads(server, 60_000)).map(({ wait }) => wait);

  const answerer = start(server, { channelId: offerer.channelId });
  await until(() => reads(server) > 1);

  assert.equal(waits.filter((wait) => wait > 0).length, 1);
  const { wait } = server.requests.findLast(({ method }) => method === "get_candidates");
  assert.ok(wait > 0 && wait <= 5, `${wait} s`);
  await connected(offerer, answerer);
});

test("a server that grants no lifetime gets the offer again, because it may have ignored the first one", async (t) => {
  stopTheClock(t);
  for (const [options, expected] of [
    [{}, ["create_data_channel", "get_answer"]],
    [{ maxTtl: 0 }, ["create_data_channel", "create_offer", "get_answer"]],
    [{ modern: false }, ["create_data_channel", "create_offer", "get_answer"]],
  ]) {
    const server = new FakeServer(options);
    const offerer = start(server);

    await until(() => server.methods().includes("get_answer"));

    assert.deepEqual(server.methods(), expected);
    assert.equal(server.find(offerer.channelId).offer, "v=0 offer");
    offerer.peer.signalingState = "closed";
  }
});

test("two peers connect through a server that has only the seven basic methods", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ modern: false });
  const offerer = start(server);
  await until(() => offerer.channelId);
  offerer.peer.find("a");
  offerer.peer.find("b");
  const answerer = start(server, { channelId: offerer.channelId });
  await until(() => answerer.steps.includes("answer-sent"));
  answerer.peer.find("c");
  answerer.peer.find("d");

  await until(() => added(offerer).length === 2 && added(answerer).length === 2);
  await connected(offerer, answerer);

  assert.deepEqual([added(offerer), added(answerer)], [["c", "d"], ["a", "b"]]);
});

const REPLIES = {
  createDataChannel: ["create_data_channel", 0],
  getAnswer: ["get_answer", 1],
};

for (const [name, [method, before]] of Object.entries(REPLIES)) {
  test(`${name} is retried after a fault, but not before the time in Retry-After`, async (t) => {
    stopTheClock(t);
    const server = new FakeServer();
    const faults = [loseTheRequest, answerWith(429), answerWith(503, "", { "Retry-After": "30" })];
    server.faults = [...Array(before).fill(null), ...faults];
    const offerer = start(server);
    await until(() => offerer.steps.filter((step) => step === "retry").length === 3);
    const refused = Date.now();

    await until(() => server.methods().filter((each) => each === method).length === 4);

    assert.ok(Date.now() - refused >= 29_000, `${Date.now() - refused} ms`);
    assert.ok(offerer.details.retry.delay >= 30_000);
  });
}

test("an overloaded server is no longer asked to hold replies", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  server.faults = [null, answerWith(429)];
  start(server);

  await until(() => server.methods().filter((each) => each === "get_answer").length === 2);

  const waits = server.requests.filter(({ method }) => method === "get_answer").map(({ wait }) => wait);
  assert.deepEqual(waits, [0.9, 0]);
});

test("the client soon gives up on a server that never replied, and later on one that has replied", async (t) => {
  stopTheClock(t);
  for (const [before, tries] of [
    [0, 4],
    [1, 20],
  ]) {
    const server = new FakeServer();
    server.faults = [...Array(before).fill(null), ...Array(20).fill(loseTheRequest)];
    const offerer = start(server);

    await assert.rejects(outcome(offerer.ending), { name: "NetworkError" });

    assert.equal(offerer.steps.filter((step) => step === "retry").length, tries - 1);
    assert.equal(offerer.peer.channel.closed, true);
  }
});

test("an overloaded server is retried for two minutes", async (t) => {
  stopTheClock(t);
  for (const busy of [answerWith(429), answerWith(503, "", { "Retry-After": "1" })]) {
    const server = new FakeServer();
    server.faults = Array(20).fill(busy);
    const offerer = start(server);

    await assert.rejects(outcome(offerer.ending, 50), { name: "ServerError" });

    assert.equal(offerer.steps.filter((step) => step === "retry").length, 19);
  }
});

test("if the reply to create_data_channel is lost, another channel is opened", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  server.faults = [loseTheReply(server)];

  const [offerer, answerer] = await bothDescribed(server);

  await connected(offerer, answerer);
  assert.equal(server.methods().filter((method) => method === "create_data_channel").length, 2);
});

test("after a lost reply, our own stored answer is recognized", async (t) => {
  stopTheClock(t);
  for (const key of [undefined, createKey()]) {
    const server = new FakeServer();
    const offerer = start(server, { key });
    await until(() => server.methods().includes("get_answer"));
    server.faults = [null, loseTheReply(server)];
    const answerer = start(server, { key, channelId: offerer.channelId });

    await until(() => answerer.steps.includes("answer-sent"));
    await connected(offerer, answerer);

    assert.equal(server.methods().filter((method) => method === "create_answer").length, 2);
  }
});

test("an answer counts as stored even if its channel is deleted before that can be checked", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => server.methods().includes("get_answer"));
  const erase = ({ channel_id }) => void server.serve({ method: "delete_data_channel", channel_id });
  server.faults = [null, loseTheReply(server), null, erase];
  const answerer = start(server, { channelId: offerer.channelId });

  await until(() => answerer.steps.includes("answer-sent"));

  assert.deepEqual(server.methods().slice(-3), ["create_answer", "create_answer", "get_answer"]);
  await connected(answerer);
});

test("another peer's answer is not taken for our own", async (t) => {
  stopTheClock(t);
  for (const lost of [[], [loseTheRequest]]) {
    const server = new FakeServer();
    const channelId = server.open();
    server.serve({ method: "create_offer", channel_id: channelId, offer: "v=0" });
    server.serve({ method: "create_answer", channel_id: channelId, answer: "of somebody else" });
    server.faults = [null, ...lost];

    const late = start(server, { channelId });

    await assert.rejects(outcome(late.ending), { name: "RefusalError", message: "answer already exists" });
  }
});

test("an overloaded server that becomes unreachable is still treated as overloaded", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  server.faults = [...Array(8).fill(answerWith(429)), ...Array(100).fill(loseTheRequest)];

  const offerer = start(server);

  await assert.rejects(outcome(offerer.ending), { name: "NetworkError" });
  assert.equal(server.requests.length, 20);
});

test("reads are held after one lost request, but not after two in a row", async (t) => {
  stopTheClock(t);
  for (const [lost, isHeld] of [
    [1, true],
    [2, false],
  ]) {
    const server = new FakeServer();
    server.faults = [null, ...Array(lost).fill(loseTheRequest)];
    const offerer = start(server);

    await until(() => server.methods().filter((each) => each === "get_answer").length === lost + 1);

    assert.equal(server.requests.findLast(({ method }) => method === "get_answer").wait > 0, isHeld);
    offerer.peer.signalingState = "closed";
  }
});

test("setting the clock back does not delay anything", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ holds: false });
  const [offerer, answerer] = await bothDescribed(server, { iceServers: [{ urls: "stun:stun.example" }] });
  answerer.peer.find("a");
  await until(() => added(offerer).length === 1);
  const { now } = Date;
  t.mock.method(Date, "now", () => now() - 3_600_000);
  const began = performance.now();

  answerer.peer.find("b");
  await until(() => added(offerer).length === 2);

  assert.ok(performance.now() - began < 5_000, `${performance.now() - began} ms`);
});

test("if the server refuses an answer as too long, connect rejects with that refusal", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const channelId = server.open();
  server.serve({ method: "create_offer", channel_id: channelId, offer: "v=0" });
  server.faults = [null, answerWith(400, "answer must be at most 32768 bytes")];

  const answerer = start(server, { channelId });

  await assert.rejects(outcome(answerer.ending), { name: "RefusalError", message: /32768/ });
});

test("if the channel is gone when an answer is resent, ICE decides whether the peers connect", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => server.methods().includes("get_answer"));
  server.faults = [null, loseTheReply(server)];
  const answerer = start(server, { channelId: offerer.channelId });
  await until(() => offerer.peer.remoteDescription);

  await connected(offerer);
  await until(() => answerer.steps.includes("answer-sent"));

  await connected(answerer);
});

test("without an answerer, connect rejects when the channel expires", async (t) => {
  stopTheClock(t);
  const began = Date.now();
  const offerer = start(new FakeServer());

  await assert.rejects(outcome(offerer.ending, 100), { name: "ExpiredError" });

  assert.ok(Math.abs(Date.now() - began - 300_000) < 1_000, `${Date.now() - began} ms`);
});

test("connect rejects with a clear reason if the channel is gone", async (t) => {
  stopTheClock(t);
  const answerer = start(new FakeServer(), { channelId: crypto.randomUUID() });

  await assert.rejects(outcome(answerer.ending), { name: "ExpiredError", message: "no such channel" });
});

test("if the channel is deleted after both descriptions, ICE decides whether the peers connect", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [, answerer] = await bothDescribed(server);
  server.serve({ method: "delete_data_channel", channel_id: server.requests[1].channel_id });
  await until(() => server.methods().includes("get_candidates"));

  answerer.peer.find("late");
  await until(() => writes(server) === 1);

  await connected(answerer);
});

test("connect rejects with a clear reason if the peers cannot reach each other", async (t) => {
  stopTheClock(t);
  const [offerer] = await bothDescribed(new FakeServer());

  offerer.peer.become("failed");

  await assert.rejects(outcome(offerer.ending), { name: "UnreachableError" });
});

test("closing a connection ends connect, and deletes the channel", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => server.methods().includes("get_answer"));

  offerer.peer.signalingState = "closed";

  await assert.rejects(outcome(offerer.ending), { name: "UnreachableError", message: "the connection is closed" });
  assert.equal(server.methods().at(-1), "delete_data_channel");
});

test("closing a connection ends connect within ten seconds, even if the channel is gone", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [, answerer] = await bothDescribed(server);
  server.serve({ method: "delete_data_channel", channel_id: server.requests[1].channel_id });
  await until(() => server.methods().includes("get_candidates"));
  const began = Date.now();

  answerer.peer.signalingState = "closed";

  await assert.rejects(outcome(answerer.ending), { name: "UnreachableError", message: "the connection is closed" });
  assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
});

test("an abort ends connect at once at any step, and deletes the channel", async (t) => {
  stopTheClock(t);
  const moments = {
    "before it starts": () => true,
    "while it gathers": ({ peer }) => peer.localDescription,
    "while it waits": (_, server) => server.methods().includes("get_answer"),
  };
  for (const [moment, reached] of Object.entries(moments)) {
    const server = new FakeServer();
    const controller = new AbortController();
    if (moment === "before it starts") controller.abort("enough");
    const peer = new FakePeerConnection();
    peer.iceGatheringState = "gathering";
    const offerer = start(server, { signal: controller.signal }, peer);
    await until(() => reached(offerer, server));

    controller.abort("enough");

    assert.equal(await offerer.ending.catch((reason) => reason), "enough", moment);
    const asked = server.methods().length;
    assert.equal(server.methods().includes("delete_data_channel"), moment === "while it waits");
    await until(() => true);
    assert.equal(server.methods().length, asked);
  }
});

test("an abort after the answer says that the link is used up, unless it has its own reason", async (t) => {
  stopTheClock(t);
  for (const reason of [undefined, new Error("the user went away")]) {
    const server = new FakeServer();
    const key = createKey();
    const offerer = start(server, { key });
    await until(() => offerer.channelId);
    const controller = new AbortController();
    const answerer = start(server, { key, channelId: offerer.channelId, signal: controller.signal });
    await until(() => answerer.steps.includes("answer-sent"));

    controller.abort(reason);
    const error = await answerer.ending.catch((error) => error);
    const again = start(server, { key, channelId: offerer.channelId });

    if (reason) assert.equal(error, reason);
    else assert.deepEqual([error.name, error.message], ["AbortError", "an answer has used up this link"]);
    await assert.rejects(outcome(again.ending), {
      name: "RefusalError",
      message: "answer already exists",
      cause: "an answer has used up this link",
    });
  }
});

test("two peers connect sealed, and the server can read nothing", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const key = createKey();
  const [offerer, answerer] = await bothDescribed(server, { key });
  await until(() => answerer.steps.includes("answer-sent"));
  for (const { peer } of [offerer, answerer]) peer.find("candidate:1 1 udp 192.0.2.7");

  await until(() => added(offerer).length && added(answerer).length);
  await connected(offerer, answerer);

  assert.equal(offerer.peer.remoteDescription.sdp, "v=0 answer");
  assert.deepEqual(added(answerer), ["candidate:1 1 udp 192.0.2.7"]);
  assert.doesNotMatch(JSON.stringify(server.requests), /v=0|192\.0\.2\.7|usernameFragment/);
});

test("a changed candidate is an error, but our own candidate from before a reload is not", async (t) => {
  stopTheClock(t);
  const key = createKey();
  const server = new FakeServer();
  const [offerer, before] = await bothDescribed(server, { key });
  await until(() => before.steps.includes("answer-sent"));
  before.peer.find("ours");
  await until(() => writes(server) === 1);
  const [item] = server.serve({ method: "get_candidates", channel_id: offerer.channelId })[1].items;

  const reloaded = start(server, { key, channelId: offerer.channelId });
  await until(() => reloaded.peer.remoteDescription);
  assert.deepEqual(added(reloaded), []);
  // The first character is random, so it may be an "A" already.
  const changed = (item[0] === "A" ? "B" : "A") + item.slice(1);
  server.serve({ method: "create_candidate", channel_id: offerer.channelId, candidate: changed });

  await assert.rejects(outcome(offerer.ending), { name: "TamperedError" });
});

test("a long candidate loses optional fields to fit, and is skipped if it is still too long", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => offerer.channelId);

  for (const length of [300, 370, 388, 420]) offerer.peer.find("c".repeat(length));
  await until(() => offerer.steps.includes("candidates-sent"));

  const { candidates } = server.requests.find(({ method }) => method === "create_candidate");
  assert.deepEqual(candidates.map((each) => Object.keys(JSON.parse(each)).length), [4, 3, 2]);
  assert.ok(candidates.every((each) => each.length <= 425));
  assert.equal(offerer.details["candidate-skipped"].candidate.length, 420);
});

test("many candidates are split into several requests", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const offerer = start(server);
  await until(() => offerer.channelId);

  for (let number = 0; number < 100; number++) offerer.peer.find(`${number}`);
  await until(() => offerer.details["candidates-sent"]?.count === 36);

  assert.equal(writes(server), 2);
});

const TURN = { urls: ["turn:turn.example", "turns:turn.example"], username: "1795643208:a", credential: "abc=" };
const OWN = { urls: "stun:stun.example" };

test("if the server has no ICE servers, asking for them takes no extra request", async (t) => {
  stopTheClock(t);
  const server = new FakeServer();
  const [offerer, answerer] = await bothDescribed(server);
  await until(() => server.methods().includes("create_answer"));

  await connected(offerer, answerer);

  const channel_id = offerer.channelId;
  assert.deepEqual(new Set(server.requests.map((request) => JSON.stringify(request))), new Set([
    { method: "create_data_channel", ttl: 300, offer: "v=0 offer", ice_servers: true },
    { method: "get_answer", channel_id, since: 0, wait: 0.9 },
    { method: "get_offer", channel_id, since: 0, wait: 0.9, ice_servers: true },
    { method: "create_answer", channel_id, answer: "v=0 answer" },
    { method: "delete_data_channel", channel_id },
  ].map((request) => JSON.stringify(request))));
});

test("both sides add the server's ICE servers to their own before they create a description", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ iceServers: [TURN] });
  const both = await bothDescribed(server, { iceServers: [OWN], iceTransportPolicy: "relay" });

  await connected(...both);

  for (const { peer } of both) {
    assert.deepEqual(peer.getConfiguration(), { iceServers: [OWN, TURN], iceTransportPolicy: "relay" });
  }
  assert.deepEqual(both[1].peer.done.map(([what]) => what).slice(1), [
    "setConfiguration",
    "setRemoteDescription",
    "setLocalDescription",
  ]);
});

test("a new offer is made with the server's ICE servers before anyone gets the channel's id", async (t) => {
  stopTheClock(t);
  for (const key of [undefined, createKey()]) {
    const server = new FakeServer({ iceServers: [TURN] });
    let known;
    const offerer = start(server, { key, onChannel: (id) => (known = [id, server.methods()]) });

    await until(() => known);

    const [channelId, before] = known;
    assert.deepEqual(before, ["create_data_channel", "create_offer"]);
    assert.deepEqual(offerer.peer.done.slice(1).map(([what, value]) => value ?? what), [
      "v=0 offer",
      [TURN],
      "restartIce",
      "v=0 another offer",
    ]);
    const answerer = start(server, { key, channelId });
    await until(() => answerer.steps.includes("answer-sent") && offerer.peer.remoteDescription);
    assert.equal(answerer.peer.remoteDescription.sdp, "v=0 another offer");
    await connected(offerer, answerer);
  }
});

test("after a fault, the new offer is written again, and no answerer gets the old one", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ iceServers: [TURN] });
  server.faults = [null, loseTheRequest, loseTheReply(server)];

  const [offerer, answerer] = await bothDescribed(server);

  assert.equal(server.methods().filter((method) => method === "create_offer").length, 3);
  assert.equal(answerer.peer.remoteDescription.sdp, "v=0 another offer");
  await connected(offerer, answerer);
});

test("candidates of a replaced offer are not sent", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ iceServers: [TURN] });
  const peer = new FakePeerConnection();
  peer.iceGatheringState = "gathering";
  const offerer = start(server, {}, peer);
  await until(() => peer.localDescription);
  peer.localDescription.sdp += "\r\na=ice-ufrag:abcd\r\n";
  peer.find("early");
  await until(() => offerer.channelId);

  peer.find("of the first");
  peer.find("of the second", { usernameFragment: "abc" });
  await until(() => offerer.steps.includes("candidates-sent"));

  const { candidates } = server.requests.find(({ method }) => method === "create_candidate");
  assert.deepEqual(candidates.map((each) => JSON.parse(each).candidate), ["of the second"]);
});

test("after an ICE restart the client waits for the first candidates, even if gathering seems complete", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ iceServers: [TURN] });
  const offerer = start(server);
  const { peer } = offerer;
  await until(() => peer.localDescription?.sdp === "v=0 another offer");
  const restarted = Date.now();

  await until(() => Date.now() - restarted >= 60);
  peer.find("relay");
  peer.localDescription.sdp += " relay";
  await until(() => offerer.channelId);

  assert.equal(server.requests[1].offer, "v=0 another offer relay");
  assert.ok(Date.now() - restarted < 100, `${Date.now() - restarted} ms`);
});

test("a server that has only the seven basic methods is not asked for ICE servers", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ modern: false, iceServers: [TURN] });
  const client = new SignalingClient("https://signaling.example/", { fetch: fetchFrom(server) });

  const [offerer] = await bothDescribed(server, { iceServers: [OWN] });

  assert.deepEqual(offerer.peer.getConfiguration().iceServers, [OWN]);
  await assert.rejects(outcome(client.getIceServers(offerer.channelId)), new RefusalError("method is unknown"));
});

test("opening a channel needs the access key, and following a link does not", async (t) => {
  stopTheClock(t);
  const server = new FakeServer({ accessKey: "a key", iceServers: [TURN] });
  const offerer = start(server, { accessKey: "a key" });
  await until(() => offerer.channelId);

  const answerer = start(server, { channelId: offerer.channelId });
  await until(() => answerer.steps.includes("answer-sent") && offerer.peer.remoteDescription);

  await connected(offerer, answerer);
});

test("a request with a missing or unknown access key is not retried", async (t) => {
  stopTheClock(t);
  for (const [accessKey, message] of [
    [undefined, "access key is missing"],
    ["another", "access key is unknown"],
  ]) {
    const server = new FakeServer({ accessKey: "a key" });

    const offerer = start(server, { accessKey });

    await assert.rejects(outcome(offerer.ending), new AccessError(message));
    assert.equal(server.requests.length, 1);
    assert.equal(offerer.peer.channel.closed, true);
  }
});

test("connect accepts an access key with the server's URL, and rejects one that does not fit in a header", async (t) => {
  const server = new FakeServer({ accessKey: "a-key" });
  t.mock.method(globalThis, "fetch", fetchFrom(server));
  const options = { server: "https://signaling.example/", accessKey: "a-key" };

  const channelId = await new Promise((onChannel, fail) =>
    connect(new FakePeerConnection(), { ...options, onChannel, signal: t.signal }).catch(fail),
  );

  assert.match(channelId, /^[\da-f-]{36}$/);
  await assert.rejects(connect(new FakePeerConnection(), { ...options, accessKey: "two\nlines" }), TypeError);
});

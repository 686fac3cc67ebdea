/** The guest's side of an address. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sealPointer } from "../src/address.js";
import { connect, createKey, ExpiredError, RefusalError, TamperedError, UnreachableError } from "../src/index.js";
import { sealerOf } from "../src/sealer.js";
import { outcome, pass, stopTheVariation, until } from "./clock.js";
import { hostOf, People } from "./people.js";

const SECOND = 1000;
const MINUTE = 60_000;
const TURN = { urls: "turn:turn.example", username: "1795643208:a", credential: "abc=" };

/** Create an address at which nobody listens. Return what a guest and a host need to know about it. */
function deserted(people, ttl = 86_400) {
  const addressId = crypto.randomUUID();
  const owner = createKey();
  people.server.open(addressId, { ttl, owner });
  return { addressId, key: createKey(), owner };
}

/** Write a pointer to a door whose host is gone, or to a door that does not exist. */
async function point(people, { addressId, key, owner }, { exists = true, answer, offer = "v=0 nobody" } = {}) {
  const door = crypto.randomUUID();
  if (exists) people.server.open(door);
  const pointer = await sealPointer(await sealerOf(key), { door, key: createKey(), offer });
  people.server.serve({ method: "create_offer", channel_id: addressId, offer: pointer, owner });
  if (answer) people.server.serve({ method: "create_answer", channel_id: door, answer });
  return door;
}

test("a guest joins with two requests, and makes none once connected", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  people.server.requests = [];

  const guest = people.guest(host.addresses[0]);
  const connection = await outcome(guest.connecting);
  const ours = people.server.requests.filter(({ method }) => ["get_offer", "create_answer"].includes(method));
  await pass(MINUTE);

  assert.equal(connection, guest.connections[0]);
  assert.deepEqual(ours.map(({ method }) => method), ["get_offer", "create_answer"]);
  assert.deepEqual([ours[0].wait, ours[0].ice_servers], [0.9, true]);
  const others = people.server.methods().filter((method) => !/answer|data_channel|create_offer/.test(method));
  assert.deepEqual(others, ["get_offer"]);
});

test("a guest's page is told each step of joining", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  const guest = people.guest(host.addresses[0]);
  await outcome(guest.connecting);

  assert.deepEqual(guest.steps, ["request", "offer-received", "request", "answer-sent", "connected"]);
});

test("a guest keeps its guest id, or gets a new one", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  for (const guest of ["AAECAwQFBgcICQoLDA0ODw", undefined]) {
    await outcome(people.guest(host.addresses[0], { guest }).connecting);
  }
  await until(() => host.peers.length === 2);

  assert.equal(host.peers[0].guest, "AAECAwQFBgcICQoLDA0ODw");
  assert.match(host.peers[1].guest, /^[\w-]{22}$/);
});

test("a guest uses the server's ICE servers, which come along with the pointer", async (t) => {
  const people = new People(t, { iceServers: [TURN] });
  const host = await hostOf(people);

  const guest = people.guest(host.addresses[0]);
  const connection = await outcome(guest.connecting);

  assert.equal(connection.getConfiguration().iceServers[0].username, TURN.username);
  assert.equal(people.requests("get_offer").length, 1);
});

test("if the host's description is too long for the pointer, the guest reads it in the door", async (t) => {
  const people = new People(t, { iceServers: [TURN] });
  people.network.padding = " ".repeat(24_430);
  const host = await hostOf(people);

  const guest = people.guest(host.addresses[0]);
  const connection = await outcome(guest.connecting);

  const [address, door] = people.requests("get_offer").map(({ channel_id }) => channel_id);
  assert.equal(people.requests("get_offer").length, 2);
  assert.equal(address, host.addresses[0].addressId);
  assert.equal(people.requests("create_answer")[0].channel_id, door);
  assert.equal(connection.getConfiguration().iceServers.length, 1);
});

test("late candidates are exchanged in the door", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const host = await hostOf(people);
  const guest = people.guest(host.addresses[0]);
  await until(() => guest.steps.includes("answer-sent") && host.steps.includes("answer-received"));
  const added = ({ connections }) => connections[0].done.filter(([what]) => what === "addIceCandidate").map(([, text]) => text);

  host.connections[0].find("of the host");
  guest.connections[0].find("of the guest");
  await until(() => added(host).length && added(guest).length);

  assert.deepEqual([added(host), added(guest)], [["of the guest"], ["of the host"]]);
  const door = people.requests("create_answer")[0].channel_id;
  assert.deepEqual(new Set(people.requests("create_candidate").map(({ channel_id }) => channel_id)), new Set([door]));
});

test("a guest waits for a host that has not written its pointer yet", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  const guest = people.guest(address);
  await pass(30 * SECOND);

  people.host({ resume: address });

  assert.equal(await outcome(guest.connecting), guest.connections[0]);
  assert.equal(guest.steps.includes("host-away"), false);
});

test("following an address that no longer exists raises an ExpiredError", async (t) => {
  const people = new People(t);

  const guest = people.guest({ addressId: crypto.randomUUID(), key: createKey() });

  await assert.rejects(outcome(guest.connecting), new ExpiredError("no such channel"));
  assert.deepEqual(guest.connections, []);
});

test("a guest cannot follow an address without its key", async (t) => {
  const people = new People(t);
  const address = deserted(people);

  for (const key of [undefined, ""]) {
    const guest = people.guest({ ...address, key });
    await assert.rejects(outcome(guest.connecting), TypeError);
  }
  assert.deepEqual(people.server.requests, []);
});

test("a guest whose door is taken closes its connection and tries the next door with a new one", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guests = [people.guest(host.addresses[0]), people.guest(host.addresses[0])];

  for (const { connecting } of guests) await outcome(connecting);

  const [winner, other] = guests[0].connections.length === 1 ? guests : guests.reverse();
  assert.deepEqual([winner.connections.length, other.connections.length], [1, 2]);
  assert.deepEqual(other.connections.map(({ connectionState }) => connectionState), ["closed", "connected"]);
  assert.equal(await other.connecting, other.connections[1]);
  assert.equal(other.steps.includes("host-away"), false);
});

test("ten guests at the same moment all connect, each once", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  const guests = Array.from({ length: 10 }, () => people.guest(host.addresses[0]));
  for (const { connecting } of guests) await outcome(connecting);
  await until(() => host.peers.length === 10);

  assert.equal(new Set(host.peers.map(({ guest }) => guest)).size, 10);
  const open = people.network.connections.filter(({ connectionState }) => connectionState === "connected");
  assert.equal(open.length, 20);
});

test("a guest at the door of a host that is gone waits for it, and is told once that it is away", async (t) => {
  const people = new People(t);
  for (const exists of [true, false]) {
    const address = deserted(people);
    await point(people, address, { exists });
    const guest = people.guest(address);
    await until(() => !exists || guest.connections[0]?.localDescription);
    if (exists) guest.connections[0].become("failed");
    await until(() => guest.steps.includes("host-away"), 7 * SECOND);
    await pass(20 * SECOND);

    people.host({ resume: address });
    const began = Date.now();
    const connection = await outcome(guest.connecting);

    assert.equal(connection, guest.connections[1]);
    assert.equal(guest.connections[0].connectionState, "closed");
    assert.equal(guest.steps.filter((step) => step === "host-away").length, 1);
    assert.ok(Date.now() - began < 2 * SECOND, `${Date.now() - began} ms`);
  }
});

test("a guest learns why it has left a door", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const host = await hostOf(people);
  const guest = people.guest(host.addresses[0]);
  await until(() => guest.connections[0]?.remoteDescription);

  guest.connections[0].become("failed");
  await until(() => guest.connections.length === 2);

  const failures = guest.details.filter(([step]) => step === "door-failed");
  assert.deepEqual(failures, [["door-failed", { error: new UnreachableError("no-candidates") }]]);
});

test("a guest whose door stays taken is told after five seconds that the host is away", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  await point(people, address, { answer: "of a guest who has given up" });
  const began = Date.now();

  const guest = people.guest(address);
  await until(() => guest.steps.includes("host-away"), 10 * SECOND);

  assert.ok(Date.now() - began >= 5 * SECOND, `${Date.now() - began} ms`);
});

test("a guest who waits for a host asks every second at first, and every five seconds later", async (t) => {
  const people = new People(t);
  stopTheVariation(t);
  const address = deserted(people);
  await point(people, address, { exists: false });
  people.guest(address);

  await pass(MINUTE);
  const first = people.requests("get_offer").length;
  await pass(10 * MINUTE);
  const later = people.requests("get_offer").length - first;

  assert.ok(first > 50 && first < 80, `${first} requests`);
  assert.ok(later > 100 && later < 160, `${later} requests`);
});

test("without an AbortSignal, a guest waits for five minutes", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  await point(people, address, { exists: false });
  const began = Date.now();

  const guest = people.guest(address, { signal: undefined });

  await assert.rejects(outcome(guest.connecting, 100), { name: "UnreachableError", reason: "host-away" });
  assert.ok(Math.abs(Date.now() - began - 5 * MINUTE) < SECOND, `${Date.now() - began} ms`);
});

test("a guest who is not connected within 15 seconds tries another door if the host has opened one", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  await point(people, address);
  const guest = people.guest(address);
  await until(() => guest.steps.includes("answer-sent"));
  const answered = Date.now();
  await pass(5 * SECOND);

  people.host({ resume: address });
  const connection = await outcome(guest.connecting);

  assert.equal(connection, guest.connections[1]);
  assert.equal(guest.connections[0].connectionState, "closed");
  const took = Date.now() - answered;
  assert.ok(took >= 15 * SECOND && took < 17 * SECOND, `${took} ms`);
});

test("a guest who tries another door after 15 seconds learns why the first door failed", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const host = await hostOf(people);
  const guest = people.guest(host.addresses[0]);

  await until(() => guest.connections.length === 3);

  const failures = guest.details.filter(([step]) => step === "door-failed");
  assert.deepEqual(failures, Array(2).fill(["door-failed", { error: new UnreachableError("no-candidates") }]));
});

test("a guest who is not connected stays in a door that the pointer still names", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const address = deserted(people);
  await point(people, address);
  const guest = people.guest(address);

  await pass(MINUTE);
  guest.connections[0].become("connected");

  assert.equal(await outcome(guest.connecting), guest.connections[0]);
});

test("given a connection, connect tries one door with it", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const connection = people.network.newConnection();

  const guest = people.guest(host.addresses[0], { connection });

  assert.equal(await outcome(guest.connecting), connection);
});

test("given a connection, connect rejects with the reason for which its door failed", async (t) => {
  const people = new People(t);
  for (const [door, error] of [
    [{ exists: false }, new UnreachableError("host-away")],
    [{ answer: "of somebody else" }, new RefusalError("answer already exists")],
  ]) {
    const address = deserted(people);
    await point(people, address, door);
    const connection = people.network.newConnection();

    const guest = people.guest(address, { connection });

    await assert.rejects(outcome(guest.connecting), { name: error.name, message: error.message });
    assert.equal(connection.signalingState, "stable");
  }
});

test("given a function, connect closes the connection that it has made if the channel fails", async (t) => {
  const people = new People(t);
  let connection;
  const newConnection = () => (connection = people.network.newConnection());

  const following = connect(newConnection, { server: people.client(), channelId: crypto.randomUUID() });

  await assert.rejects(outcome(following), ExpiredError);
  assert.equal(connection.connectionState, "closed");
});

test("given a function, connect resolves with the connection that it has made for a channel", async (t) => {
  const people = new People(t);
  const key = createKey();
  let channelId;
  const offering = connect(people.network.newConnection, {
    server: people.client(),
    key,
    onChannel: (id) => (channelId = id),
  });
  await until(() => channelId);

  const connection = people.network.newConnection();
  const answering = connect(connection, { server: people.client(), key, channelId });

  assert.equal(await outcome(offering), people.network.connections[0]);
  assert.equal(await outcome(answering), connection);
});

test("an abort ends the guest's waiting at once, with its reason", async (t) => {
  const people = new People(t);
  const reason = new Error("the user went away");
  const address = deserted(people);
  const moments = {
    "while it reads the pointer": () => people.requests("get_offer").length,
    "in a door": (guest) => guest.steps.includes("answer-sent"),
    "while the host is away": (guest) => guest.steps.includes("host-away"),
  };
  for (const [moment, reached] of Object.entries(moments)) {
    if (moment !== "while it reads the pointer") await point(people, address, { exists: moment === "in a door" });
    const guest = people.guest(address);
    await until(() => reached(guest));

    guest.end.abort(reason);
    await outcome(guest.outcome);
    const asked = people.server.requests.length;
    await pass(10 * SECOND);

    assert.equal(guest.error, reason, moment);
    assert.equal(people.server.requests.length, asked, moment);
    assert.ok(guest.connections.every(({ connectionState }) => connectionState === "closed"), moment);
  }
});

test("an abort after the answer does not say that the address is used up", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  await point(people, address);
  const guest = people.guest(address);
  await until(() => guest.steps.includes("answer-sent"));

  guest.end.abort();

  await outcome(guest.outcome);
  assert.deepEqual([guest.error.name, guest.error.message], ["AbortError", "This operation was aborted"]);
});

test("closing a given connection ends the guest's waiting within a second", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  const moments = { "before there is a pointer": false, "in a door": true };
  for (const [moment, hasPointer] of Object.entries(moments)) {
    if (hasPointer) await point(people, address);
    const connection = people.network.newConnection();
    const guest = people.guest(address, { connection });
    await until(() => (hasPointer ? guest.steps.includes("answer-sent") : people.requests("get_offer").length));
    const began = Date.now();

    connection.close();

    await assert.rejects(outcome(guest.connecting), { name: "UnreachableError", reason: "closed" }, moment);
    assert.ok(Date.now() - began <= SECOND, `${moment}: ${Date.now() - began} ms`);
  }
});

test("closing a connection that the given function has made ends the guest's waiting, too", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  await point(people, address);
  const guest = people.guest(address);
  await until(() => guest.steps.includes("answer-sent"));

  guest.connections[0].close();

  await assert.rejects(outcome(guest.connecting), { name: "UnreachableError", reason: "closed" });
  assert.equal(guest.connections.length, 1);
});

test("a pointer with another key, or one that was changed, is reported as tampered with", async (t) => {
  const people = new People(t);
  const { addressId, key, owner } = deserted(people);
  await point(people, { addressId, key, owner });
  const [, { offer }] = people.server.serve({ method: "get_offer", channel_id: addressId });
  const changed = `${offer.slice(0, 30)}${offer[30] === "A" ? "B" : "A"}${offer.slice(31)}`;
  const wrong = {
    "with another key": await sealPointer(await sealerOf(createKey()), { door: crypto.randomUUID(), key: createKey() }),
    changed,
    "not sealed": JSON.stringify({ door: crypto.randomUUID(), key: createKey(), offer: "v=0" }),
    "not a pointer": await (await sealerOf(key)).seal("v=0", "address"),
  };
  for (const [what, pointer] of Object.entries(wrong)) {
    people.server.serve({ method: "create_offer", channel_id: addressId, offer: pointer, owner });

    const guest = people.guest({ addressId, key });

    await assert.rejects(outcome(guest.connecting), TamperedError, what);
    assert.deepEqual(guest.connections, [], what);
  }
});

test("a guest makes few requests to a server that returns one old pointer after another", async (t) => {
  const people = new People(t);
  const address = deserted(people);
  const guest = people.guest(address, { signal: undefined });
  people.server.faults = Array(100_000).fill(async ({ method }) => {
    if (method === "get_offer") await point(people, address, { exists: false });
  });

  await assert.rejects(outcome(guest.connecting, 100), { name: "UnreachableError", reason: "host-away" });

  assert.ok(people.server.requests.length < 400, `${people.server.requests.length} requests`);
  assert.ok(guest.connections.every(({ connectionState }) => connectionState === "closed"));
});

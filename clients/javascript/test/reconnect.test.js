/** A guest that stays connected to the host of an address. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createKey, ExpiredError, NetworkError, TamperedError } from "../src/index.js";
import { createGuest } from "../src/reconnect.js";
import { outcome, pass, until } from "./clock.js";
import { answerWith, loseTheRequest } from "./fake-server.js";
import { hostOf, People } from "./people.js";

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function connected(people, host, options) {
  const guest = people.loyalGuest(host.addresses.at(-1), options);
  await until(() => guest.peers.length === 1);
  return guest;
}

const ENDS = {
  "has failed for good": (connection) => connection.become("failed"),
  "is closed by the host": (connection) => connection.leave(),
  "is closed by the page": (connection) => connection.close(),
};

for (const [what, end] of Object.entries(ENDS)) {
  test(`a guest whose connection ${what} connects again, and the host learns which connection it replaces`, async (t) => {
    const people = new People(t);
    const host = await hostOf(people);
    const guest = await connected(people, host);
    const [before] = guest.connections;

    end(before);
    const lost = Date.now();
    await until(() => guest.peers.length === 2 && host.peers.length === 2);

    assert.ok(Date.now() - lost < 2 * SECOND, `${Date.now() - lost} ms`);
    assert.equal(before.connectionState, "closed");
    assert.deepEqual(guest.peers.map(({ connection }) => connection), guest.connections);
    assert.deepEqual(guest.peers.map(({ replaces }) => replaces), [undefined, before]);
    assert.equal(host.peers[1].guest, host.peers[0].guest);
    assert.equal(host.peers[1].replaces, host.peers[0].connection);
    assert.equal(guest.steps.filter((step) => step === "lost").length, 1);
  });
}

test("a connection that an ICE restart may still repair is kept", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await connected(people, host);

  guest.connections[0].become("disconnected");
  await pass(MINUTE);

  assert.equal(guest.connections.length, 1);
  assert.equal(guest.connections[0].connectionState, "disconnected");
});

test("a guest makes no request as long as it is connected", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  await connected(people, host);
  host.end.abort();
  await outcome(host.outcome);
  people.server.requests = [];

  await pass(HOUR, 1000);

  assert.deepEqual(people.server.requests, []);
});

test("a guest can keep its guest id", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = createGuest();

  const before = await connected(people, host, { guest });
  before.end.abort();
  await connected(people, host, { guest });
  await until(() => host.peers.length === 2);

  assert.equal(before.peers[0].guest, guest);
  assert.deepEqual(host.peers.map((each) => each.guest), [guest, guest]);
  assert.equal(host.peers[1].replaces, host.peers[0].connection);
});

test("a guest waits for a host that is away for hours", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await connected(people, host);
  host.end.abort();
  await outcome(host.outcome);

  guest.connections[0].leave();
  await until(() => guest.steps.includes("host-away"));
  await pass(3 * HOUR, 1000);
  assert.equal(guest.isOver, undefined);
  await hostOf(people, { resume: host.addresses[0] });

  await until(() => guest.peers.length === 2, 10 * SECOND);
});

test("a guest whose network is gone is connected again within five seconds after its return", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await connected(people, host);
  host.end.abort(); // Otherwise the faults below would hit the requests of this host.
  await outcome(host.outcome);
  for (const minutes of [1, 10]) {
    people.server.faults = Array(100_000).fill(loseTheRequest);
    guest.connections.at(-1).become("failed");
    await pass(minutes * MINUTE);
    const count = guest.peers.length;

    people.server.faults = [];
    const back = await hostOf(people, { resume: host.addresses[0] });
    const returned = Date.now();
    await until(() => guest.peers.length > count);

    assert.ok(Date.now() - returned < 5 * SECOND, `${Date.now() - returned} ms after ${minutes} minutes`);
    back.end.abort();
    await outcome(back.outcome);
  }
});

test("a guest connects again at once when its browser is online again", async (t) => {
  const people = new People(t);
  const browser = new EventTarget();
  globalThis.addEventListener = browser.addEventListener.bind(browser);
  t.after(() => delete globalThis.addEventListener);
  const host = await hostOf(people);
  const guest = await connected(people, host);
  people.server.faults = Array(100_000).fill(loseTheRequest);
  guest.connections[0].become("failed");
  await pass(MINUTE);
  people.server.faults = [];
  const returned = Date.now();

  const answers = people.requests("create_answer").length;
  browser.dispatchEvent(new Event("online"));
  await until(() => people.requests("create_answer").length > answers);

  assert.ok(Date.now() - returned < SECOND, `${Date.now() - returned} ms`);
  await until(() => guest.peers.length === 2);
});

test("a host opens a new door when its browser is online again", async (t) => {
  const people = new People(t);
  const browser = new EventTarget();
  globalThis.addEventListener = browser.addEventListener.bind(browser);
  t.after(() => delete globalThis.addEventListener);
  const host = await hostOf(people);
  await pass(MINUTE);

  browser.dispatchEvent(new Event("online"));
  await until(() => host.steps.filter((step) => step === "pointer-sent").length === 2, SECOND);

  assert.equal(host.connections.length, 2);
});

/** Return for how many milliseconds a guest that has lost its host stays away from a server with this `Retry-After`. */
async function timeAway(people, retryAfter) {
  const host = await hostOf(people);
  const guest = await connected(people, host);
  host.end.abort();
  await outcome(host.outcome);
  people.server.requests = [];
  people.server.faults = [answerWith(503, "", { "Retry-After": retryAfter })];

  guest.connections[0].become("failed");
  await until(() => people.server.requests.length === 1);
  const refused = Date.now();
  await until(() => people.server.requests.length > 1, 2 * HOUR, 100);
  return Date.now() - refused;
}

test("a busy server is not called before the time in Retry-After", async (t) => {
  const away = await timeAway(new People(t), "600");

  assert.ok(away >= 600 * SECOND, `${away} ms`);
});

test("a guest whose server names a time that is years away tries again after an hour", async (t) => {
  const minutes = (await timeAway(new People(t), "1000000000")) / MINUTE;

  assert.ok(minutes > 59 && minutes < 61, `${minutes} minutes`);
});

test("a guest that something in front of the server refuses tries again, less and less often", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await connected(people, host);
  host.end.abort();
  await outcome(host.outcome);
  people.server.requests = [];
  people.server.faults = Array.from({ length: 1000 }, (_, count) => answerWith([401, 403, 404, 408][count % 4]));

  guest.connections[0].become("failed");
  await pass(10 * MINUTE);
  const asked = people.server.requests.length;
  people.server.faults = [];
  await hostOf(people, { resume: host.addresses[0] });
  await until(() => guest.peers.length === 2, MINUTE);

  assert.ok(asked > 10 && asked < 50, `${asked} requests`);
});

test("a guest connects less and less often to a host that closes each connection at once", async (t) => {
  const people = new People(t);
  const closeAll = () => guest.connections.forEach((each) => each.leave());
  const host = await hostOf(people, { onPeer: () => setTimeout(closeAll, 20) });
  const guest = people.loyalGuest(host.addresses[0]);

  await pass(10 * MINUTE);

  assert.ok(guest.peers.length > 10 && guest.peers.length < 50, `${guest.peers.length} connections`);
});

test("a guest ends with an ExpiredError when the address no longer exists", async (t) => {
  const people = new People(t);
  const host = await hostOf(people, { ttl: 3600 });
  const guest = await connected(people, host);
  host.end.abort();
  await outcome(host.outcome);
  await pass(HOUR, 1000);
  assert.equal(guest.isOver, undefined);

  guest.connections[0].leave();

  await assert.rejects(outcome(guest.staying), ExpiredError);
});

test("a guest ends when the address was tampered with", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await connected(people, host);
  const { addressId, owner } = host.addresses[0];
  host.end.abort();
  await outcome(host.outcome);
  people.server.serve({ method: "create_offer", channel_id: addressId, offer: "garbage", owner });

  guest.connections[0].leave();

  await assert.rejects(outcome(guest.staying), TamperedError);
});

test("if the first attempt to connect fails, the guest hears why", async (t) => {
  const people = new People(t);
  people.server.faults = Array(100).fill(loseTheRequest);

  const guest = people.loyalGuest({ addressId: crypto.randomUUID(), key: createKey() });

  await assert.rejects(outcome(guest.staying), NetworkError);
});

test("an abort stops reconnecting at any moment, and leaves the current connection open", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const moments = {
    "before it begins": () => true,
    "while it dials": (guest) => guest.connections.length === 1,
    "while it is connected": (guest) => guest.peers.length === 1,
    "while it dials again": (guest) => guest.steps.includes("lost"),
  };
  for (const [moment, reached] of Object.entries(moments)) {
    people.network.isUp = moment !== "while it dials";
    const guest = people.loyalGuest(host.addresses[0], moment === "before it begins" ? { signal: AbortSignal.abort() } : {});
    if (moment === "while it dials again") {
      await until(() => guest.peers.length === 1);
      guest.connections[0].leave();
    }
    await until(() => reached(guest));

    guest.end.abort();
    await outcome(guest.staying);
    const made = guest.connections.length;
    await pass(MINUTE);

    assert.equal(guest.error, undefined, moment);
    assert.equal(guest.connections.length, made, moment);
    const open = guest.connections.filter(({ connectionState }) => connectionState === "connected");
    assert.equal(open.length, moment === "while it is connected" ? 1 : 0, moment);
  }
});

/** The host's side of an address. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPointer } from "../src/address.js";
import { AccessError, createKey, createLink, NetworkError, parseLink, RefusalError } from "../src/index.js";
import { listen, NoAddressError } from "../src/listen.js";
import { sealerOf } from "../src/sealer.js";
import { outcome, pass, stopTheVariation, until } from "./clock.js";
import { answerWith, loseTheReply, loseTheRequest } from "./fake-server.js";
import { hostOf, People } from "./people.js";

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TURN = { urls: "turn:turn.example", username: "1795643208:a", credential: "abc=" };

const doors = (people) => people.requests("create_data_channel").filter(({ owner }) => !owner);
const pointers = (people) => people.requests("create_offer").filter(({ owner }) => owner);

async function openLast(people, { key }) {
  return openPointer(await sealerOf(key), pointers(people).at(-1).offer);
}

async function joined(people, address, options) {
  const guest = people.guest(address, options);
  await outcome(guest.connecting);
  return guest;
}

/** Collect the errors that nobody catches, until the end of a test. Otherwise they would make the test fail. */
function uncaughtErrors(t) {
  const errors = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  return errors;
}

test("a host opens the address, then a door, and then writes the pointer to it", async (t) => {
  const people = new People(t);

  const host = await hostOf(people);

  const [address] = host.addresses;
  const [opening, door, pointing] = people.server.requests;
  assert.deepEqual(people.server.methods().slice(0, 3), ["create_data_channel", "create_data_channel", "create_offer"]);
  assert.deepEqual(opening, { method: "create_data_channel", ttl: 86_400, owner: address.owner });
  assert.deepEqual(door, { method: "create_data_channel", ttl: 300, ice_servers: true });
  assert.deepEqual([pointing.channel_id, pointing.owner], [address.addressId, address.owner]);
  const pointer = await openLast(people, address);
  assert.equal(pointer.offer, "v=0 offer of 1");
});

test("the page gets the address with its key, its owner's secret and the granted lifetime", async (t) => {
  const people = new People(t, { maxTtl: 3600 });

  const host = await hostOf(people);

  const [{ addressId, key, owner, ttl }] = host.addresses;
  assert.match(addressId, /^[\da-f-]{36}$/);
  assert.match(key, /^[\w-]{43}$/);
  assert.match(owner, /^[\w-]{43}$/);
  assert.notEqual(key, owner);
  assert.equal(ttl, 3600);
  const link = createLink("https://example.org/", host.addresses[0]);
  assert.equal(link, `https://example.org/#@${addressId}.${key}`);
  assert.deepEqual(parseLink(link), { addressId, key });
});

test("a host can choose the key and the lifetime of its address", async (t) => {
  const people = new People(t);
  const key = createKey();

  const host = await hostOf(people, { key, ttl: 7200 });

  assert.equal(host.addresses[0].key, key);
  assert.equal(people.server.requests[0].ttl, 7200);
  assert.equal(host.addresses[0].ttl, 7200);
});

test("a host needs its access key for the address and for each door", async (t) => {
  const people = new People(t, { accessKey: "a key" });

  const host = await hostOf(people, { accessKey: "a key" });
  await joined(people, host.addresses[0]);
  await until(() => doors(people).length === 2);
  const refused = people.host({ accessKey: "another" });

  await assert.rejects(outcome(refused.listening), new AccessError("access key is unknown"));
  assert.deepEqual(refused.addresses, []);
});

test("a server that grants no long lifetime offers no addresses", async (t) => {
  const people = new People(t);
  for (const maxTtl of [0, 300]) {
    people.server.maxTtl = maxTtl;

    const host = people.host();

    await assert.rejects(outcome(host.listening), NoAddressError);
    assert.deepEqual([host.addresses, host.connections], [[], []]);
  }
});

test("with ICE servers, the pointer has the second offer, which was made with them", async (t) => {
  const people = new People(t, { iceServers: [TURN] });

  const host = await hostOf(people);

  assert.deepEqual(people.server.methods().slice(0, 3), ["create_data_channel", "create_data_channel", "create_offer"]);
  assert.equal((await openLast(people, host.addresses[0])).offer, "v=0 another offer of 1");
});

test("the pointer has an offer in which the host begins DTLS, and the door has none", async (t) => {
  const people = new People(t);
  people.network.padding = "\r\na=setup:actpass\r\n";

  const host = await hostOf(people);

  const { channelId, offer } = await openLast(people, host.addresses[0]);
  assert.equal(offer, "v=0 offer of 1\r\na=setup:active\r\n");
  assert.equal(people.server.find(channelId).offer, undefined);
});

for (const [length, fits] of [[24_300, true], [24_500, false], [24_540, false]]) {
  test(`an offer of ${length} bytes is in the ${fits ? "pointer" : "door"}`, async (t) => {
    const people = new People(t);
    people.network.padding = `\r\na=setup:actpass\r\n${" ".repeat(length - "v=0 offer of 1\r\na=setup:actpass\r\n".length)}`;

    const host = await hostOf(people);

    const { channelId, offer, sealer } = await openLast(people, host.addresses[0]);
    const { offer: sealed } = people.server.find(channelId);
    assert.equal(offer !== undefined, fits);
    assert.equal(sealed !== undefined, !fits);
    assert.match(offer ?? (await sealer.open(sealed, "offer")), /^v=0 offer of 1\r\na=setup:active\r\n {2,}$/);
    assert.ok(people.requests("create_offer").every((request) => request.offer.length <= 32_768));
  });
}

test("an offer that does not fit in the pointer is written to the door before the pointer is written", async (t) => {
  const people = new People(t);
  people.network.padding = " ".repeat(24_500);

  const host = await hostOf(people);

  const { channelId } = await openLast(people, host.addresses[0]);
  const writes = people.requests("create_offer").map(({ channel_id }) => channel_id);
  assert.deepEqual(writes, [channelId, host.addresses[0].addressId]);
});

test("each door has its own key", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  await joined(people, host.addresses[0]);
  await until(() => pointers(people).length === 2);

  const [first, second] = await Promise.all(
    pointers(people).map(async ({ offer }) => openPointer(await sealerOf(host.addresses[0].key), offer)),
  );

  const sealed = await second.sealer.seal("v=0", "offer");
  assert.equal(await second.sealer.open(sealed, "offer"), "v=0");
  await assert.rejects(first.sealer.open(sealed, "offer"));
});

test("the next door is open as soon as a guest has answered, before it is connected", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const host = await hostOf(people);

  const guest = people.guest(host.addresses[0]);
  await until(() => pointers(people).length === 2);

  assert.equal(guest.isOver, undefined);
  assert.deepEqual(host.peers, []);
  people.network.isUp = true;
  people.network.join();
  await outcome(guest.connecting);
  await until(() => host.peers.length === 1);
  assert.equal(host.peers[0].connection, host.connections[0]);
});

test("guests come one after another, and every one gets a connection of its own", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  for (const number of [1, 2, 3]) {
    await joined(people, host.addresses[0]);
    await pass(number * MINUTE);
  }

  assert.deepEqual(host.peers.map(({ connection }) => connection.connectionState), Array(3).fill("connected"));
  assert.equal(new Set(host.peers.map(({ connection }) => connection)).size, 3);
  assert.equal(new Set(host.peers.map(({ guest }) => guest)).size, 3);
  assert.deepEqual(host.peers.map(({ replaces }) => replaces), Array(3).fill(undefined));
  assert.equal(host.addresses.length, 1);
});

test("the host erases the door of a guest who is connected", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const { channelId } = await openLast(people, host.addresses[0]);

  await joined(people, host.addresses[0]);
  await until(() => host.peers.length === 1);

  assert.deepEqual(people.requests("delete_data_channel").map(({ channel_id }) => channel_id), [channelId]);
});

test("a guest who comes again replaces its earlier connection, unless that is closed", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = "AAECAwQFBgcICQoLDA0ODw";
  const arrive = async (count) => {
    await joined(people, host.addresses[0], { guest });
    await until(() => host.peers.length === count);
    return host.peers.at(-1);
  };

  const first = await arrive(1);
  const second = await arrive(2);
  second.connection.close();
  const third = await arrive(3);

  assert.equal(second.replaces, first.connection);
  assert.equal(first.connection.connectionState, "connected");
  assert.equal(third.replaces, undefined);
  assert.deepEqual([first, second, third].map((each) => each.guest), [guest, guest, guest]);
});

test("a door is replaced after two minutes, and read a little longer", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const old = await openLast(people, host.addresses[0]);
  await pass(119 * SECOND, 500);
  assert.equal(pointers(people).length, 1);

  await pass(3 * SECOND);
  const fresh = await openLast(people, host.addresses[0]);
  assert.notEqual(fresh.channelId, old.channelId);
  // The next guest gets the old pointer, as if it had read the address a moment earlier.
  people.server.faults = [
    ({ method }) => {
      assert.equal(method, "get_offer");
      throw Object.assign(new Error(), { response: Response.json({ offer: pointers(people)[0].offer }) });
    },
  ];
  const late = await new Promise((resolve) => resolve(people.guest(host.addresses[0])));
  await outcome(late.connecting);

  await until(() => host.peers.length === 1);
  assert.equal(host.peers[0].connection, host.connections[0]);
  await joined(people, host.addresses[0]);
  await until(() => host.peers.length === 2);
  assert.equal(host.peers[1].connection, host.connections[1]);
});

test("a door that no guest has used is erased and is not reported as a failure", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  await pass(HOUR, 500);

  assert.equal(host.steps.includes("door-failed"), false);
  const open = host.connections.filter(({ connectionState }) => connectionState !== "closed");
  assert.ok(open.length <= 2, `${open.length} connections`);
  assert.ok(host.connections.length >= 29 && host.connections.length <= 31, `${host.connections.length} doors`);
  assert.ok(people.requests("delete_data_channel").length >= host.connections.length - 2);
});

test("the longer nobody comes, the less often the host asks", async (t) => {
  const people = new People(t);
  stopTheVariation(t);
  const host = await hostOf(people);
  const asked = async (milliseconds) => {
    const before = people.requests("get_answer").length;
    await pass(milliseconds, 100);
    return (people.requests("get_answer").length - before) / (milliseconds / MINUTE);
  };

  await pass(10 * SECOND);
  assert.deepEqual(people.requests("get_answer").map(({ wait }) => wait).slice(0, 3), [0.9, 0, 0]);
  const atFirst = await asked(MINUTE / 3);
  await pass(5 * SECOND);
  const untilTen = await asked(8 * MINUTE);
  await pass(2 * MINUTE);
  const later = await asked(20 * MINUTE);
  await joined(people, host.addresses[0]);
  // By then, the host has stopped reading older doors.
  await pass(11 * SECOND);
  const afterGuest = await asked(MINUTE / 3);

  // The host polls every 0.55 s, then every 1.75 s, then every 4.5 s. For ten seconds in two minutes it reads two doors.
  assert.ok(atFirst > 95 && atFirst < 122, `${atFirst} a minute`);
  assert.ok(untilTen > 31 && untilTen < 42, `${untilTen} a minute`);
  assert.ok(later > 13 && later < 17, `${later} a minute`);
  assert.ok(afterGuest > 95 && afterGuest < 122, `${afterGuest} a minute`);
});

test("a guest who cannot connect is reported, and listening goes on", async (t) => {
  const people = new People(t);
  people.network.isUp = false;
  const host = await hostOf(people);
  people.guest(host.addresses[0]);
  await until(() => pointers(people).length === 2);

  host.connections[0].become("failed");
  await until(() => host.steps.includes("door-failed"));

  assert.equal(host.connections[0].connectionState, "closed");
  const [, { error }] = host.details.find(([step]) => step === "door-failed");
  assert.equal(error.name, "UnreachableError");
  people.network.isUp = true;
  await joined(people, host.addresses[0]);
});

test("a stranger's answer that does not open costs the host one door, and the next guest comes in", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const sealer = await sealerOf(host.addresses[0].key);
  for (const garbage of ["garbage", "v=0", await sealer.seal("v=0", "answer"), await sealer.seal("{}", "guest")]) {
    const before = pointers(people).length;
    const { channelId } = await openLast(people, host.addresses[0]);

    people.server.serve({ method: "create_answer", channel_id: channelId, answer: garbage });
    people.server.wake();
    await until(() => pointers(people).length > before, 10 * SECOND);
  }

  const guest = await joined(people, host.addresses[0]);
  assert.equal(guest.connections.length, 1);
  assert.equal(host.details.filter(([step]) => step === "door-failed").length, 4);
});

test("a guest's description that the browser refuses costs the host one door", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const { channelId, sealer } = await openLast(people, host.addresses[0]);
  const answer = await sealer.seal(JSON.stringify({ answer: "garbage", guest: "AAECAwQFBgcICQoLDA0ODw" }), "guest");

  people.server.serve({ method: "create_answer", channel_id: channelId, answer });
  people.server.wake();
  await until(() => host.steps.includes("door-failed"));

  await joined(people, host.addresses[0]);
  assert.equal(host.connections[0].connectionState, "closed");
});

test("a stranger who answers in each door with garbage does not make the host ask faster and faster", async (t) => {
  const people = new People(t);
  await hostOf(people);
  people.server.faults = Array(100_000).fill(({ method, channel_id }) => {
    if (method === "get_answer") people.server.serve({ method: "create_answer", channel_id, answer: "garbage" });
  });
  const before = doors(people).length;

  await pass(10 * MINUTE, 100);

  assert.ok(doors(people).length - before < 40, `${doors(people).length - before} doors`);
});

test("nobody but the host can write to the address", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const { addressId } = host.addresses[0];
  const stranger = people.client();
  const owner = createKey();

  for (const options of [{}, { owner }]) {
    const writes = [
      () => stranger.createOffer(addressId, "v=0", options),
      () => stranger.createAnswer(addressId, "v=0", options),
      () => stranger.createCandidate(addressId, ["a"], options),
      () => stranger.deleteDataChannel(addressId, options),
    ];
    for (const write of writes) {
      await assert.rejects(outcome(write()), { message: `owner ${options.owner ? "does not match" : "is missing"}` });
    }
  }

  await joined(people, host.addresses[0]);
});

test("a door that is erased by somebody is replaced", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const { channelId } = await openLast(people, host.addresses[0]);

  people.server.serve({ method: "delete_data_channel", channel_id: channelId });
  await until(() => pointers(people).length === 2, 10 * SECOND);

  await joined(people, host.addresses[0]);
});

test("an outage of any length does not end listening", async (t) => {
  const people = new People(t);
  for (const fault of [loseTheRequest, answerWith(503), answerWith(429), answerWith(503, "", { "Retry-After": "20" })]) {
    const host = await hostOf(people);
    people.server.faults = Array(100_000).fill(fault);
    const asked = people.server.requests.length;
    await pass(HOUR, 1000);
    const during = people.server.requests.length - asked;

    people.server.faults = [];
    const pointed = pointers(people).length;
    await until(() => pointers(people).length > pointed, 2 * MINUTE);

    assert.equal(host.isOver, undefined);
    assert.ok(during < 1500, `${during} requests`);
    await joined(people, host.addresses[0]);
    assert.equal(host.addresses.length, 1);
    host.end.abort();
    await outcome(host.outcome);
  }
});

test("once a door was open, refusals by something in front of the server do not end listening", async (t) => {
  const people = new People(t);
  for (const status of [403, 404, 408]) {
    const host = await hostOf(people);
    const asked = people.server.requests.length;
    people.server.faults = Array(1000).fill(answerWith(status, "refused"));
    await pass(10 * MINUTE);
    const during = people.server.requests.length - asked;

    people.server.faults = [];
    await joined(people, host.addresses[0]);

    assert.equal(host.isOver, undefined);
    assert.ok(during > 10 && during < 50, `${during} requests`);
    const [, { error }] = host.details.findLast(([step]) => step === "door-failed");
    assert.deepEqual(error, new RefusalError("refused"));
    host.end.abort();
    await outcome(host.outcome);
  }
});

test("a host whose access key becomes invalid ends listening", async (t) => {
  const people = new People(t, { accessKey: "a key" });
  const host = await hostOf(people, { accessKey: "a key" });

  people.server.accessKey = "another key";

  await assert.rejects(outcome(host.listening), new AccessError("access key is unknown"));
});

test("a host ends listening if its address expires and the server offers no addresses any more", async (t) => {
  const people = new People(t);
  const host = await hostOf(people, { ttl: 3600 });

  people.server.maxTtl = 300;
  await pass(HOUR, 1000);

  await assert.rejects(outcome(host.listening), NoAddressError);
});

test("a host whose browser allows no further connection lets guests in again once one is closed", async (t) => {
  const people = new People(t);
  const tooMany = new DOMException("too many connections", "UnknownError");
  const connections = [];
  const newConnection = () => {
    if (connections.filter(({ connectionState }) => connectionState !== "closed").length === 10) throw tooMany;
    connections.push(people.network.newConnection());
    return connections.at(-1);
  };
  const host = await hostOf(people, { newConnection });
  for (let count = 0; count < 10; count++) await joined(people, host.addresses[0]);
  await pass(5 * MINUTE);
  assert.equal(host.isOver, undefined);
  assert.deepEqual(host.details.find(([step]) => step === "door-failed")[1], { error: tooMany });

  connections[0].close();

  await joined(people, host.addresses[0]);
});

test("a host whose server names a time that is years away tries again after an hour", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const asked = people.server.requests.length;
  const pointed = pointers(people).length;
  people.server.faults = [answerWith(503, "", { "Retry-After": "1000000000" })];

  await until(() => people.server.requests.length > asked, MINUTE);
  const refused = Date.now();
  await until(() => pointers(people).length > pointed, 2 * HOUR, 1000);

  const minutes = (Date.now() - refused) / MINUTE;
  assert.ok(minutes > 59 && minutes < 61, `${minutes} minutes`);
  await joined(people, host.addresses[0]);
});

test("after a fault, the pointer is written again", async (t) => {
  const people = new People(t);
  people.server.faults = [null, null, loseTheRequest, loseTheReply(people.server)];

  const host = await hostOf(people);

  assert.equal(pointers(people).length, 3);
  await joined(people, host.addresses[0]);
});

test("a host that was asleep opens a new door", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  const { now } = performance;
  t.mock.method(performance, "now", () => now() + HOUR);
  await until(() => pointers(people).length === 2, 10 * SECOND);

  await joined(people, host.addresses[0]);
  assert.equal(host.addresses.length, 1);
});

test("when the address has expired, the host opens another one and reports it", async (t) => {
  const people = new People(t);
  const host = await hostOf(people, { ttl: 3600 });

  await pass(HOUR + 5 * MINUTE, 1000);

  const [first, second] = host.addresses;
  assert.equal(host.addresses.length, 2);
  assert.notEqual(first.addressId, second.addressId);
  assert.notEqual(first.key, second.key);
  assert.notEqual(first.owner, second.owner);
  await joined(people, second);
});

test("a host that resumes its address opens no other address, and its link still works", async (t) => {
  const people = new People(t);
  const before = await hostOf(people);
  const [address] = before.addresses;
  before.end.abort();
  await outcome(before.outcome);
  people.server.requests = [];

  const after = await hostOf(people, { resume: address });

  assert.deepEqual(people.server.methods().slice(0, 2), ["create_data_channel", "create_offer"]);
  assert.equal(doors(people).length, 1);
  assert.deepEqual(after.addresses, [address]);
  await joined(people, address);
  await until(() => after.peers.length === 1);
});

test("a host that resumes an address that no longer exists opens another one", async (t) => {
  const people = new People(t);
  const old = { addressId: crypto.randomUUID(), key: createKey(), owner: createKey() };

  const host = await hostOf(people, { resume: old });

  const [resumed, opened] = host.addresses;
  assert.equal(host.addresses.length, 2);
  assert.equal(resumed, old);
  assert.notEqual(opened.addressId, old.addressId);
  await joined(people, opened);
});

test("a host that is not the owner of an address cannot resume it", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);

  const other = people.host({ resume: { ...host.addresses[0], owner: createKey() } });

  await assert.rejects(outcome(other.listening), new RefusalError("owner does not match"));
  assert.ok(other.connections.every(({ connectionState }) => connectionState === "closed"));
});

test("a host that cannot reach the server gives up, unless it already has an address", async (t) => {
  const people = new People(t);
  people.server.faults = Array(100_000).fill(loseTheRequest);
  const address = { addressId: crypto.randomUUID(), key: createKey(), owner: createKey() };
  people.server.open(address.addressId, { ttl: 86_400, owner: address.owner });

  const fresh = people.host();
  await assert.rejects(outcome(fresh.listening), NetworkError);
  const resumed = people.host({ resume: address });
  await pass(10 * MINUTE, 500);
  people.server.faults = [];

  await until(() => resumed.steps.includes("pointer-sent"), MINUTE);
  assert.deepEqual(resumed.addresses, [address]);
});

test("an abort ends listening at any moment, and erases the open doors", async (t) => {
  const moments = {
    "before it begins": () => true,
    "while it opens the address": (host, people) => people.server.requests.length === 1,
    "while it gathers": (host) => host.connections[0]?.localDescription,
    "while it waits": (host, people) => people.requests("get_answer").length > 0,
    "with two doors": (host) => host.steps.filter((step) => step === "pointer-sent").length === 2,
  };
  const people = new People(t);
  for (const [moment, reached] of Object.entries(moments)) {
    people.server.requests = [];
    const host = people.host(moment === "before it begins" ? { signal: AbortSignal.abort() } : {});
    await until(() => reached(host, people), HOUR, 50);

    host.end.abort();
    await outcome(host.listening);
    await pass(SECOND);
    const asked = people.server.requests.length;
    await pass(MINUTE);

    assert.equal(people.server.requests.length, asked, moment);
    assert.ok(host.connections.every(({ connectionState }) => connectionState === "closed"), moment);
    for (const [, { channelId }] of host.details.filter(([step]) => step === "channel")) {
      assert.equal(people.server.find(channelId), undefined, moment);
    }
    for (const { addressId } of host.addresses) assert.ok(people.server.find(addressId), moment);
  }
});

test("an abort leaves the connections of guests alone", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  const guest = await joined(people, host.addresses[0]);
  await until(() => host.peers.length === 1);

  host.end.abort();
  await outcome(host.listening);

  assert.equal(host.peers[0].connection.connectionState, "connected");
  assert.equal(guest.connections[0].connectionState, "connected");
});

test("an error in one of the page's own functions ends listening", async (t) => {
  const people = new People(t);
  const bug = new Error("a bug of the page");
  const throws = () => {
    throw bug;
  };

  for (const options of [{ newConnection: throws }, { onLink: throws }]) {
    const host = people.host(options);
    await assert.rejects(outcome(host.listening), bug);
  }
});

test("an error in the page's function for the link ends listening, even if the address is not the first one", async (t) => {
  const people = new People(t);
  const bug = new Error("a bug of the page");
  let links = 0;
  const onLink = () => {
    links += 1;
    if (links === 2) throw bug;
  };
  const host = await hostOf(people, { ttl: 3600, onLink });

  await pass(HOUR, 1000);

  await assert.rejects(outcome(host.listening), bug);
});

test("an error in the page's function for progress does not keep the next door closed", async (t) => {
  const people = new People(t);
  const uncaught = uncaughtErrors(t);
  const bug = new Error("a bug of the page");
  const onProgress = (step) => {
    if (step === "door-failed") throw bug;
  };
  const host = people.host({ onProgress });
  await until(() => pointers(people).length === 1);
  const { channelId } = await openLast(people, host.addresses[0]);

  people.server.serve({ method: "create_answer", channel_id: channelId, answer: "garbage" });
  people.server.wake();
  await until(() => uncaught.length);

  await joined(people, host.addresses[0]);
  assert.deepEqual(uncaught, [bug]);
});

test("listen accepts a server's URL", async (t) => {
  const people = new People(t);
  t.mock.method(globalThis, "fetch", people.server.fetch);
  const end = new AbortController();
  let address;

  const listening = listen({
    server: "https://signaling.example/",
    newConnection: people.network.newConnection,
    onPeer: () => {},
    onLink: (opened) => (address = opened),
    signal: end.signal,
  });
  await until(() => address);
  end.abort();

  assert.equal(await outcome(listening), undefined);
});

test("a server that forgets each address at once is asked less and less often", async (t) => {
  const people = new People(t);
  people.server.faults = Array(100_000).fill(({ method, channel_id }) => {
    if (method === "create_offer") answerWith(400, "no such channel")();
  });
  const host = people.host();

  await pass(10 * MINUTE, 100);

  assert.equal(host.isOver, undefined);
  assert.ok(people.server.requests.length < 200, `${people.server.requests.length} requests`);
});

test("an idle host makes fewer than 900,000 requests a month", async (t) => {
  const people = new People(t);
  const host = await hostOf(people);
  await pass(11 * MINUTE, 500);
  people.server.requests = [];

  await pass(HOUR, 500);

  const monthly = people.server.requests.length * (DAY / HOUR) * 30;
  assert.ok(monthly < 900_000, `${monthly} requests a month`);
  assert.equal(host.isOver, undefined);
});

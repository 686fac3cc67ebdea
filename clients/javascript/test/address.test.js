/** The texts that are sealed for an address. The Python client reads and writes the same texts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { asDtlsClient, createGuest, openPointer, sealerOfGuest, sealerOfHost, sealPointer } from "../src/address.js";
import { createKey, TamperedError } from "../src/index.js";
import { sealerOf } from "../src/sealer.js";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const DOOR = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e";
const GUEST = "AAECAwQFBgcICQoLDA0ODw";

test("a guest opens the pointer that the host has sealed", async () => {
  const sealer = await sealerOf(createKey());
  const key = createKey();

  const { channelId, sealer: inTheDoor, offer } = await openPointer(
    sealer,
    await sealPointer(sealer, { door: DOOR, key, offer: "v=0" }),
  );

  assert.deepEqual([channelId, offer], [DOOR, "v=0"]);
  assert.equal(await inTheDoor.open(await (await sealerOf(key)).seal("text", "offer"), "offer"), "text");
});

test("a pointer is JSON with the three members that the protocol names, sealed for an address", async () => {
  const sealer = await sealerOf(KEY);

  const sealed = await sealPointer(sealer, { door: DOOR, key: KEY, offer: "v=0" });

  assert.equal(await sealer.open(sealed, "address"), `{"door":"${DOOR}","key":"${KEY}","offer":"v=0"}`);
});

test("a pointer sealed by another implementation opens", async () => {
  const sealed =
    "AAECAwQFBgcICQoLPCCydKqX4CGtY6bohIoZWOLjqgKWSz1RDATQsDBRYotgPZ2dy_B3qRaRR4u44goUznsL6CP0mfod1mtcW6KCv7Z-oRmakncOUBDrXqDLdqlqz6EvIyUBMaW63KcZt8H6r7Ax3oZt6DjxeljXOlcbX5gRX5vDJ6UJbTzr7_-p9Vn7J_Q-mLd-INFR2BNA";

  const { channelId, offer } = await openPointer(await sealerOf(KEY), sealed);

  assert.deepEqual([channelId, offer], [DOOR, "v=0 – ü"]);
});

test("unknown members of a pointer are ignored", async () => {
  const sealer = await sealerOf(KEY);
  const sealed = await sealer.seal(JSON.stringify({ door: DOOR, key: KEY, other: 1, offer: "v=0" }), "address");

  assert.equal((await openPointer(sealer, sealed)).offer, "v=0");
});

const WRONG_POINTERS = [
  "",
  "v=0",
  "null",
  "[]",
  "{}",
  { door: DOOR },
  { key: KEY },
  { door: "", key: KEY },
  { door: `${DOOR}\n`, key: KEY },
  { door: [DOOR], key: KEY },
  { door: DOOR, key: "short" },
  { door: DOOR, key: null },
  { door: DOOR, key: [KEY] },
  { door: DOOR, key: `${KEY}=` },
  { door: DOOR, key: KEY, offer: { type: "offer" } },
];

for (const pointer of WRONG_POINTERS) {
  const text = typeof pointer === "string" ? pointer : JSON.stringify(pointer);
  test(`the pointer ${JSON.stringify(text)} counts as tampered with`, async () => {
    const sealer = await sealerOf(KEY);

    await assert.rejects(openPointer(sealer, await sealer.seal(text, "address")), TamperedError);
  });
}

test("a pointer with another key, or for another purpose, counts as tampered with", async () => {
  const [sealer, other] = [await sealerOf(KEY), await sealerOf(createKey())];
  const text = JSON.stringify({ door: DOOR, key: KEY });

  for (const sealed of [await other.seal(text, "address"), await sealer.seal(text, "offer"), text]) {
    await assert.rejects(openPointer(sealer, sealed), TamperedError);
  }
});

test("an answer in a door is JSON with the guest id, sealed for a guest", async () => {
  const sealer = await sealerOf(KEY);

  const sealed = await sealerOfGuest(sealer, GUEST).seal("v=0", "answer");

  assert.equal(await sealer.open(sealed, "guest"), `{"answer":"v=0","guest":"${GUEST}"}`);
});

test("the host opens a guest's answer, and learns the guest id", async () => {
  const sealer = await sealerOf(KEY);
  const guests = [];
  const guest = createGuest();

  const answer = await sealerOfHost(sealer, (name) => guests.push(name)).open(
    await sealerOfGuest(sealer, guest).seal("v=0", "answer"),
    "answer",
  );

  assert.equal(answer, "v=0");
  assert.deepEqual(guests, [guest]);
  assert.match(guest, /^[\w-]{22}$/);
});

test("a guest's answer sealed by another implementation opens", async () => {
  const guests = [];
  const sealed = "AAECAwQFBgcICQoLPCC3dbaSp2mve7epx9RITWFWFBQzx31QGEWC8HgadJA7MIy97oRR2QP1Oa_v5GF7vzYsyRvm7J5ItVclQdPBlwrXQOemTCykfoiO";

  const answer = await sealerOfHost(await sealerOf(KEY), (name) => guests.push(name)).open(sealed, "answer");

  assert.deepEqual([answer, ...guests], ["v=0 – ü", GUEST]);
});

test("an offer says that the host begins the DTLS handshake, so that refused guests cannot begin one", () => {
  const offer = asDtlsClient("v=0\r\na=setup:actpass\r\nm=audio 9\r\na=setup:actpass\r\n");

  assert.equal(offer, "v=0\r\na=setup:active\r\nm=audio 9\r\na=setup:active\r\n");
});

test("offers and candidates in a door are sealed as in every channel", async () => {
  const sealer = await sealerOf(KEY);

  for (const own of [sealerOfGuest(sealer, GUEST), sealerOfHost(sealer, () => {})]) {
    for (const purpose of ["offer", "candidate offerer", "candidate answerer"]) {
      assert.equal(await sealer.open(await own.seal("text", purpose), purpose), "text");
      assert.equal(await own.open(await sealer.seal("text", purpose), purpose), "text");
    }
  }
});

test("an answer without a guest id or a description counts as tampered with, and reports no guest", async () => {
  const sealer = await sealerOf(KEY);
  const answers = [
    "v=0",
    "null",
    JSON.stringify({ answer: "v=0" }),
    JSON.stringify({ guest: GUEST }),
    JSON.stringify({ answer: 1, guest: GUEST }),
    JSON.stringify({ answer: "v=0", guest: "short" }),
    JSON.stringify({ answer: "v=0", guest: [GUEST] }),
  ];
  const host = sealerOfHost(sealer, assert.fail);

  for (const text of answers) {
    await assert.rejects(host.open(await sealer.seal(text, "guest"), "answer"), TamperedError, text);
  }
  await assert.rejects(host.open(await sealer.seal("v=0", "answer"), "answer"), TamperedError);
  await assert.rejects(host.open("garbage", "answer"), TamperedError);
});

test("any text that is sealed for an address or a guest is either opened or counts as tampered with", async () => {
  const sealer = await sealerOf(KEY);
  const host = sealerOfHost(sealer, () => {});
  const member = fc.oneof(fc.constantFrom(DOOR, KEY, GUEST), fc.jsonValue());
  const record = fc.record({ door: member, key: member, offer: member, answer: member, guest: member }, { requiredKeys: [] });
  const text = fc.oneof(record.map((each) => JSON.stringify(each)), fc.json(), fc.string({ unit: "binary" }));
  const property = fc.asyncProperty(text, async (text) => {
    const [pointer, answer] = [await sealer.seal(text, "address"), await sealer.seal(text, "guest")];

    for (const { reason } of await Promise.allSettled([openPointer(sealer, pointer), host.open(answer, "answer")])) {
      assert.ok(reason === undefined || reason instanceof TamperedError, String(reason));
    }
  });

  await fc.assert(property, { numRuns: 1000 });
});

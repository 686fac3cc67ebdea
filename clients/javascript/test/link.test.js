import assert from "node:assert/strict";
import { test } from "node:test";

import { createKey, createLink, parseLink } from "../src/index.js";

const channelId = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e";

test("a link parses to the values that it was made from", () => {
  const key = createKey();

  for (const meeting of [{ channelId }, { channelId, key }, { addressId: channelId, key }]) {
    assert.deepEqual(parseLink(createLink("https://example.org/call?server=x#old", meeting)), meeting);
  }
});

test("a link has everything in its fragment, which no server sees", () => {
  assert.equal(createLink("https://example.org/", { channelId, key: "K" }), `https://example.org/#${channelId}.K`);
  assert.equal(createLink("https://example.org/", { addressId: channelId, key: "K" }), `https://example.org/#@${channelId}.K`);
});

test("a URL without a fragment parses to an empty object", () => {
  assert.deepEqual(parseLink("https://example.org/"), {});
});

test("a link can be pasted with a full stop after it or angle brackets around it", () => {
  const key = createKey();

  for (const meeting of [{ channelId, key }, { addressId: channelId, key }]) {
    const link = createLink("https://example.org/", meeting);
    for (const copied of [`${link}.`, `<${link}>`, ` <${link}>\n`, `<${link}.>`]) {
      assert.deepEqual(parseLink(copied), meeting);
    }
  }
});

const CUT_OFF = [
  channelId.slice(1),
  `${channelId}.`,
  `${channelId}.short`,
  "top",
  `${channelId}x`,
  `@${channelId}`, // an address always has a key
  `@${channelId}.`,
  `@${channelId}.short`,
  `@@${channelId}.${"A".repeat(43)}`,
  "@",
];

for (const fragment of CUT_OFF) {
  test(`a link that ends with #${fragment} is reported as incomplete`, () => {
    assert.throws(() => parseLink(`https://example.org/#${fragment}`), { message: "the link is incomplete" });
  });
}

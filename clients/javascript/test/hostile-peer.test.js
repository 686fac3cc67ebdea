/** A hostile peer or link: nothing that it writes breaks the client. */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { createKey, createLink, parseLink, TamperedError } from "../src/index.js";
import { fromBase64url, toBase64url } from "../src/base64url.js";
import { Negotiation } from "../src/negotiation.js";
import { sealerOf } from "../src/sealer.js";
import { FakePeerConnection } from "./fake-peer-connection.js";

const MANY = { numRuns: 1000 };
const PURPOSES = ["offer", "answer", "candidate offerer", "candidate answerer", "address", "guest"];
const anyText = fc.string({ unit: "binary" });
const channelId = fc.uuid();
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toBase64url);

/** A peer connection that checks the types of its arguments as a browser does (Web IDL). */
class Strict extends FakePeerConnection {
  async setRemoteDescription(description) {
    if (Object(description) !== description || !["offer", "answer", "pranswer", "rollback"].includes(description.type)) {
      throw new TypeError("no description");
    }
    await super.setRemoteDescription(description);
  }

  async addIceCandidate(candidate) {
    if (Object(candidate) !== candidate) throw new TypeError("no candidate");
    await super.addIceCandidate(candidate);
  }
}

test("every message on the negotiation channel is skipped, handled or reported", async () => {
  const description = fc.record(
    { type: fc.oneof(fc.constantFrom("offer", "answer", "rollback"), fc.jsonValue()), sdp: fc.oneof(fc.string(), fc.jsonValue()) },
    { requiredKeys: [] },
  );
  const candidate = fc.record({ candidate: fc.oneof(fc.string(), fc.jsonValue()), sdpMid: fc.jsonValue() }, { requiredKeys: [] });
  const message = fc.oneof(
    fc.record({ description, candidate }, { requiredKeys: [] }).map((each) => JSON.stringify(each)),
    fc.record({ description: fc.jsonValue(), candidate: fc.jsonValue() }, { requiredKeys: [] }).map((each) => JSON.stringify(each)),
    fc.json(),
    anyText,
    fc.uint8Array().map(({ buffer }) => buffer),
  );
  const property = fc.asyncProperty(fc.array(message, { maxLength: 6 }), fc.boolean(), async (messages, polite) => {
    const peer = new Strict();
    const reports = [];
    new Negotiation(peer, polite, (step) => reports.push(step));
    peer.channel.readyState = "open";

    for (const data of messages) await peer.channel.onmessage({ data });

    assert.deepEqual(reports.filter((step) => !["renegotiated", "negotiation-failed"].includes(step)), []);
    assert.ok(peer.channel.sent.length <= messages.length);
  });

  await fc.assert(property, MANY);
});

test("a text opens if and only if it was sealed with the key", async () => {
  const sealer = await sealerOf(createKey());
  const property = fc.asyncProperty(anyText, fc.constantFrom(...PURPOSES), async (text, purpose) => {
    await assert.rejects(sealer.open(text, purpose), TamperedError);
    // A lone surrogate becomes U+FFFD, as everywhere on the web.
    assert.equal(await sealer.open(await sealer.seal(text, purpose), purpose), text.toWellFormed());
  });

  await fc.assert(property, MANY);
});

test("a sealed text with any bit changed does not open", async () => {
  const sealer = await sealerOf(createKey());
  const sealed = fromBase64url(await sealer.seal("v=0", "offer"));
  const property = fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
    const changed = sealed.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);

    await assert.rejects(sealer.open(toBase64url(changed), "offer"), TamperedError);
  });

  await fc.assert(property, { numRuns: sealed.length * 8 });
});

test("values that are not text do not open", async () => {
  const sealer = await sealerOf(createKey());
  const property = fc.asyncProperty(fc.jsonValue().filter((value) => typeof value !== "string"), async (value) => {
    await assert.rejects(sealer.open(value, "offer"), TamperedError);
  });

  await fc.assert(property);
});

test("6 MB of base64url do not open and do no harm", async () => {
  const sealer = await sealerOf(createKey());

  await assert.rejects(sealer.open("A".repeat(6_000_000), "offer"), TamperedError);
});

test("a link that we made is parsed, and any other is reported as incomplete", () => {
  const meeting = fc.record({ channelId, key }, { requiredKeys: ["channelId"], noNullPrototype: true });
  const address = fc.record({ addressId: channelId, key }, { noNullPrototype: true });
  const made = fc.oneof(meeting, address);
  const complete = fc.property(made, (meeting) => {
    assert.deepEqual(parseLink(createLink("https://example.org/?a=b", meeting)), meeting);
  });
  const broken = fc.property(anyText, (fragment) => {
    let found;
    try {
      found = parseLink(`https://example.org/#${fragment}`);
    } catch (error) {
      assert.ok(error instanceof TypeError);
      return;
    }
    const { channelId, addressId, key, ...others } = found;
    for (const id of [channelId, addressId]) assert.match(id ?? "", /^([\da-f-]{36})?$/);
    assert.ok(key || !addressId);
    assert.deepEqual(others, {});
  });

  fc.assert(complete, MANY);
  fc.assert(broken, MANY);
});

test("each base64url text that decodes also encodes to the same text", () => {
  const property = fc.property(fc.oneof(anyText, fc.base64String(), key), (text) => {
    let bytes;
    try {
      bytes = fromBase64url(text);
    } catch {
      return;
    }
    assert.equal(toBase64url(bytes), text);
  });

  fc.assert(property, MANY);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { createKey, TamperedError } from "../src/index.js";
import { fromBase64url, toBase64url } from "../src/base64url.js";
import { sealerOf } from "../src/sealer.js";

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

test("a sealed text opens again, and sealing gives another text each time", async () => {
  const sealer = await sealerOf(createKey());

  const [first, second] = [await sealer.seal("v=0 – ü", "offer"), await sealer.seal("v=0 – ü", "offer")];

  assert.notEqual(first, second);
  assert.match(first, /^[\w-]+$/);
  assert.equal(await sealer.open(first, "offer"), "v=0 – ü");
});

test("a text sealed by another implementation opens", async () => {
  const sealed = "AAECAwQFBgcICQoLMT_mOydlUTtO_cQJmyISrDwYrcUlIaOrl-A";

  assert.equal(await (await sealerOf(KEY)).open(sealed, "offer"), "v=0 – ü");
});

test("a key can be text, bytes or a CryptoKey", async () => {
  const bytes = fromBase64url(KEY);
  const cryptoKey = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const sealed = await (await sealerOf(KEY)).seal("v=0", "answer");

  for (const key of [bytes, cryptoKey]) assert.equal(await (await sealerOf(key)).open(sealed, "answer"), "v=0");
});

test("a page without access to WebCrypto gets an error that says so", async (t) => {
  t.mock.getter(crypto, "subtle", () => undefined);

  await assert.rejects(sealerOf(createKey()), { name: "PeerpostError", message: /https/ });
  await sealerOf(undefined);
});

test("a text does not open for another purpose", async () => {
  const sealer = await sealerOf(KEY);
  const purposes = ["offer", "answer", "candidate offerer", "candidate answerer", "address", "guest"];

  for (const purpose of purposes) {
    const sealed = await sealer.seal("text", purpose);
    for (const other of purposes.filter((each) => each !== purpose)) {
      await assert.rejects(sealer.open(sealed, other), TamperedError);
    }
  }
});

test("the error for a text that does not open says what the text should be", async () => {
  const sealer = await sealerOf(KEY);

  for (const [purpose, name] of [["offer", "offer"], ["candidate offerer", "candidate"], ["guest", "answer"]]) {
    const message = `the ${name} was tampered with, or sealed with another key`;
    await assert.rejects(sealer.open("AAAA", purpose), { name: "TamperedError", message });
  }
});

test("a text that was changed anywhere does not open", async () => {
  const sealer = await sealerOf(KEY);
  const sealed = await sealer.seal("v=0", "offer");

  for (let i = 0; i < sealed.length; i++) {
    const changed = sealed.slice(0, i) + (sealed[i] === "A" ? "B" : "A") + sealed.slice(i + 1);
    await assert.rejects(sealer.open(changed, "offer"), TamperedError, `at ${i}`);
  }
  for (const text of ["", "v=0", sealed.slice(1), `${sealed}=`, `${sealed} `, `${sealed}AAAA`, "ü"]) {
    await assert.rejects(sealer.open(text, "offer"), TamperedError, text);
  }
});

test("a key of another length is refused", async () => {
  for (const key of ["", "AAAA", new Uint8Array(16), toBase64url(new Uint8Array(33)), "?"]) {
    await assert.rejects(sealerOf(key));
  }
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { safeFileName } from "../src/file-name.js";

const NAMES = JSON.parse(readFileSync(new URL("../../file-names.json", import.meta.url), "utf8"));

for (const { offered, received, why } of NAMES) {
  test(`file name: ${why}`, () => {
    assert.equal(safeFileName(offered), received);
  });
}

test("a safe name is still the same after a second pass", () => {
  for (const { received } of NAMES) assert.equal(safeFileName(received), received);
});

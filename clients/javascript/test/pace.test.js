/** How long pauses are, and by how much they vary. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff, pollInterval, varied } from "../src/pace.js";
import { stopTheVariation } from "./clock.js";

test("a pause is at most a quarter shorter or longer than its average", (t) => {
  const random = t.mock.method(Math, "random");
  for (const [value, expected] of [
    [0, 750],
    [0.5, 1000],
    [1, 1250],
  ]) {
    random.mock.mockImplementation(() => value);

    assert.equal(varied(1000), expected);
  }
});

test("pauses vary", () => {
  const lengths = new Set(Array.from({ length: 10 }, () => varied(1000)));

  assert.ok(lengths.size > 1, `${[...lengths]}`);
});

test("each pause before a retry is longer than the last, up to a limit", (t) => {
  stopTheVariation(t);
  const next = backoff(100, 250);

  assert.deepEqual([next(), next(), next(), next()], [100, 160, 250, 250]);
});

test("polls become rarer in steps, at 32 seconds and at ten minutes after the last news", (t) => {
  stopTheVariation(t);
  const minutes = 60_000;

  const intervals = [0, 10_000, 31_999, 32_000, 10 * minutes - 1, 10 * minutes].map(pollInterval);

  assert.deepEqual(intervals, [100, 550, 550, 1750, 1750, 4500]);
});

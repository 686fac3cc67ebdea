/** Requests while somebody waits to be connected again. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { EagerFetch } from "../src/eager-fetch.js";
import { EAGER_MS } from "../src/limits.js";

/** A network that a test switches on and off. It swallows requests, or refuses them at once. */
class Network {
  isUp = true;
  swallows = false;
  requests = [];

  fetch = (input, { signal }) => {
    this.requests.push(signal);
    if (this.isUp) return Promise.resolve(`reply ${this.requests.length}`);
    if (!this.swallows) return Promise.reject(new TypeError("no network"));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
}

function eager(t, options) {
  mock.timers.enable({ apis: ["setInterval"] });
  t.after(() => mock.timers.reset());
  const network = Object.assign(new Network(), options);
  const requests = new EagerFetch(network.fetch);
  requests.isEager = true;
  return { network, requests };
}

async function pass(milliseconds) {
  mock.timers.tick(milliseconds);
  await new Promise((resolve) => setImmediate(resolve));
}

for (const swallows of [false, true]) {
  const what = swallows ? "swallows requests" : "refuses requests";

  test(`on a network that ${what}, a request is sent again until there is a reply`, async (t) => {
    const { network, requests } = eager(t, { isUp: false, swallows });
    const reply = requests.fetch("/", { signal: new AbortController().signal });
    await pass(EAGER_MS);
    await pass(EAGER_MS);
    assert.equal(network.requests.length, 3);

    network.isUp = true;
    await pass(EAGER_MS);

    assert.equal(await reply, "reply 4");
    await pass(10 * EAGER_MS);
    assert.equal(network.requests.length, 4);
    assert.deepEqual(network.requests.map(({ aborted }) => aborted), [swallows, swallows, swallows, false]);
  });

  test(`on a network that ${what}, a request ends when its time is up`, async (t) => {
    const { network, requests } = eager(t, { isUp: false, swallows });
    const end = new AbortController();
    const reply = requests.fetch("/", { signal: end.signal });
    await pass(EAGER_MS);

    end.abort(new Error("time is up"));

    await assert.rejects(reply, new Error("time is up"));
    await pass(10 * EAGER_MS);
    assert.equal(network.requests.length, 2);
    assert.ok(network.requests.every(({ aborted }) => aborted));
  });
}

test("a request is sent again at once when the browser is online again", async (t) => {
  const browser = new EventTarget();
  globalThis.addEventListener = browser.addEventListener.bind(browser);
  t.after(() => delete globalThis.addEventListener);
  const { network, requests } = eager(t, { isUp: false, swallows: true });
  const reply = requests.fetch("/", { signal: new AbortController().signal });

  network.isUp = true;
  browser.dispatchEvent(new Event("online"));

  assert.equal(await reply, "reply 2");
});

test("a request is sent only once while nobody is waiting", async (t) => {
  const { network, requests } = eager(t, { isUp: false });
  requests.isEager = false;

  await assert.rejects(requests.fetch("/", { signal: new AbortController().signal }), new TypeError("no network"));
  await pass(10 * EAGER_MS);

  assert.equal(network.requests.length, 1);
});

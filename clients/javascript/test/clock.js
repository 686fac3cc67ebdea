/** Time that passes only when a test lets it. */

import { mock } from "node:test";

// Longer than a channel lives, even if the last request in it is retried.
const LONGEST_MS = 400_000;

// WebCrypto works in threads, in real time. The fake clock stops until its work is done.
const CRYPTO = ["decrypt", "encrypt", "importKey"];
const underWay = new Set();

/** Replace a method until the end of a test. Unlike `t.mock.method`, this keeps no record of every call. */
function replace(t, object, name, method) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value: method, configurable: true, writable: true });
  t.after(() => {
    if (own) Object.defineProperty(object, name, own);
    else delete object[name];
  });
}

export function stopTheClock(t) {
  for (const name of CRYPTO) {
    const original = crypto.subtle[name];
    replace(t, crypto.subtle, name, function (...values) {
      const work = original.apply(this, values);
      underWay.add(work);
      const done = () => underWay.delete(work);
      work.then(done, done);
      return work;
    });
  }
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { now } = Date;
  replace(t, performance, "now", () => now());
  replace(t, AbortSignal, "timeout", (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("timed out", "TimeoutError")), milliseconds);
    return controller.signal;
  });
  t.after(async () => {
    // Finish what the test left running, on this test's clock. Otherwise it would use the next test's timers.
    for (let passed = 0; passed < LONGEST_MS; passed += 20_000) {
      mock.timers.tick(20_000);
      await idle();
    }
    mock.timers.reset();
  });
}

/**
 * Make every pause exactly as long as it is on average, until the end of a test. Otherwise pauses vary randomly, and so
 * does the number of requests that a test counts.
 */
export function stopTheVariation(t) {
  replace(t, Math, "random", () => 0.5);
}

/** Let time pass until `happened` returns true. All timers that are due in between run. */
export async function until(happened, most = LONGEST_MS, step = 10) {
  if (await happened()) return;
  await idle();
  for (let passed = 0; !(await happened()); passed += step) {
    if (passed > most) throw new Error(`it did not happen within ${most / 1000} s`);
    mock.timers.tick(step);
    await idle();
  }
}

/** Let time pass. */
export async function pass(milliseconds, step = 50) {
  const began = Date.now();
  await until(() => Date.now() - began >= milliseconds, Infinity, step);
}

/** Let time pass until a promise settles, and return its outcome. */
export async function outcome(promise, step = 10) {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await until(() => settled, undefined, step);
  return promise;
}

/** Return when everything that waits for neither the clock nor WebCrypto has run. */
async function idle() {
  do {
    if (underWay.size) await Promise.allSettled(underWay);
    // Three turns of the event loop. One promise for all of them: Node's test runner makes promises slow.
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
  } while (underWay.size);
}

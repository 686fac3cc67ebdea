/** Time that passes only when a test lets it. */

import { mock } from "node:test";

// The life of a channel, a retry, and some more.
const LONGEST_MS = 400_000;

export function stopTheClock(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { now } = Date;
  t.mock.method(performance, "now", () => now());
  t.mock.method(AbortSignal, "timeout", (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("timed out", "TimeoutError")), milliseconds);
    return controller.signal;
  });
  t.after(async () => {
    // What the test has left behind ends here, by its own clock: it would take timers out of the next test's.
    for (let passed = 0; passed < LONGEST_MS; passed += 20_000) {
      mock.timers.tick(20_000);
      await idle();
    }
    mock.timers.reset();
  });
}

/** Let time pass until `happened` says so; everything that is due in between happens. */
export async function until(happened, most = LONGEST_MS, step = 10) {
  for (let passed = 0; !(await happened()); passed += step) {
    if (passed > most) throw new Error(`it did not happen within ${most / 1000} s`);
    await idle();
    mock.timers.tick(step);
    await idle();
  }
}

/** The same for the outcome of a promise. */
export async function outcome(promise, step = 10) {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await until(() => settled, undefined, step);
  return promise;
}

async function idle() {
  // WebCrypto works in threads, in real time: what was sealed before this is sealed now, however busy the machine is.
  await crypto.subtle.digest("SHA-256", new Uint8Array());
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes only when a test lets it. */

import { mock } from "node:test";

export function stopTheClock(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
}

/** Let time pass until `happened` says so; everything that is due in between happens. */
export async function until(happened, most = 400_000, step = 10) {
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

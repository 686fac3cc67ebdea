/** Time that passes only when a test lets it. */

import { mock } from "node:test";

export function stopTheClock(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
}

/** Let time pass until `happened` says so; everything that is due in between happens. */
export async function until(happened, most = 400_000) {
  for (let passed = 0; !(await happened()); passed += 10) {
    if (passed > most) throw new Error(`it did not happen within ${most / 1000} s`);
    await idle();
    mock.timers.tick(10);
    await idle();
  }
}

/** The same for the outcome of a promise. */
export async function outcome(promise) {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await until(() => settled);
  return promise;
}

async function idle() {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

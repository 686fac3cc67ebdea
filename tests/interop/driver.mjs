/**
 * Drives one browser. Each line of stdin is a request in JSON. Each line of stdout is its reply in JSON.
 *
 *     node driver.mjs '{"browser": "firefox", "executablePath": "/usr/bin/firefox-esr"}'
 *
 * The browser ends when stdin ends, so no browser outlives a test run that was killed.
 */

import { createInterface } from "node:readline";

const { default: puppeteer } = await import("puppeteer-core").catch(() => {
  console.error("puppeteer-core is missing: `npm ci` brings it (`make test` does that)");
  process.exit(1);
});
const options = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch(options);
const profiles = [];
const pages = [];

const requests = {
  async profile() {
    return profiles.push(await browser.createBrowserContext()) - 1;
  },

  async open({ profile, url }) {
    const page = await profiles[profile].newPage();
    const failures = [];
    page.on("requestfailed", (request) => failures.push(`${request.url()}: ${request.failure()?.errorText}`));
    await page.goto(url, { timeout: options.timeout });
    if (failures.length) throw new Error(`the page did not load completely: ${failures.join(", ")}`);
    return pages.push(page) - 1;
  },

  /** Call a method of `window.peer`, and wait for its result. */
  call({ page, name, values }) {
    return pages[page].evaluate((name, values) => window.peer[name](...values), name, values);
  },

  /** Call a function given as source code, and wait for its result. */
  evaluate({ page, source, values }) {
    return pages[page].evaluate(`(${source})(...${JSON.stringify(values)})`);
  },

  reload({ page }) {
    return pages[page].reload({ timeout: options.timeout });
  },

  /** Freeze a page, as a browser does with pages in the background, or make it go on. Playwright cannot do this. */
  async setLifecycle({ page, state }) {
    const session = await pages[page].createCDPSession();
    await session.send("Page.setWebLifecycleState", { state });
    await session.detach();
  },

  close({ profile }) {
    return profiles[profile].close();
  },
};

async function reply({ id, request, ...fields }) {
  try {
    return { id, value: await requests[request](fields) };
  } catch (error) {
    return { id, error: String(error) };
  }
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  reply(JSON.parse(line)).then((result) => console.log(JSON.stringify(result)));
}
await browser.close();
process.exit();

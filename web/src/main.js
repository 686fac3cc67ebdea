/** The page: runs one session, and shows its state. */

import { parseLink } from "peerpost";
import { NoAddressError } from "peerpost/listen";
import { find } from "./dom.js";
import { refuseFiles } from "./drop-zone.js";
import { explain } from "./failure.js";
import { GuestSession } from "./guest-session.js";
import { HostSession } from "./host-session.js";
import { collectMeans } from "./means.js";
import { forget, recall, rememberAccessKey } from "./memory.js";
import { OnceSession } from "./once-session.js";
import { readSettings } from "./settings.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";

/** @type {OnceSession | HostSession | GuestSession | undefined} */
let session;

const timeline = new Timeline();
const stage = new Stage();

async function run() {
  // The state from before the page was reloaded.
  const memory = recall();
  try {
    await hold(collectMeans(settings(), timeline), memory);
  } catch (error) {
    const { phase = "start", kind } = session ?? {};
    const isTimeUp = session instanceof OnceSession && session.isTimeUp;
    const failure = explain(error, phase, { kind, isTimeUp, wasConnected: memory.wasConnected });
    session?.close(error);
    timeline.add(failure.title, failure.isCalm ? "step" : "bad");
    stage.end(failure, phase);
  }
}

/**
 * Run the session that the page's URL asks for: a host's, a guest's, or one with a link that works once.
 *
 * @param {import("./means.js").Means} means
 * @param {import("./memory.js").Memory} memory
 */
async function hold(means, memory) {
  const { addressId, channelId, key } = parseLink(location.href);
  stage.useServer(means.settings.server);
  if (addressId && key) {
    stage.openLink();
    session = new GuestSession(means, { addressId, key }, memory, stage);
    return session.run();
  }
  if (channelId) stage.openLink();
  else stage.makeLink();
  if (!channelId && !memory.invitation) {
    try {
      session = new HostSession(means, memory, stage);
      return await session.run();
    } catch (error) {
      if (!(error instanceof NoAddressError)) throw error;
    }
  }
  session = new OnceSession(means, { channelId, key }, memory, stage);
  return session.run();
}

function settings() {
  const deployed = document.querySelector("meta[name=peerpost-server]")?.getAttribute("content") ?? "";
  return readSettings(new URL(location.href), deployed);
}

function makeNewLink() {
  forget();
  location.reload();
}

// Every new session starts by reloading the page, so that no state is left from the previous one. There is one exception:
// a reload would lose an access key that the browser cannot store.
find("again", HTMLButtonElement).addEventListener("click", () => location.reload());
find("fresh", HTMLButtonElement).addEventListener("click", makeNewLink);
find("renew", HTMLButtonElement).addEventListener("click", () => {
  session?.leave(); // The earlier link ends.
  makeNewLink();
});
find("hang-up", HTMLButtonElement).addEventListener("click", () => session?.leave());
find("access", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const isStored = rememberAccessKey(settings().server, find("access-key", HTMLInputElement).value.trim());
  if (isStored) location.reload();
  else run();
});
// The URL's fragment holds the link's id and key, so skipping to the content must not change it.
find("skip", HTMLAnchorElement).addEventListener("click", (event) => {
  event.preventDefault();
  find("main", HTMLElement).focus();
});
// Opening another link in the same tab changes only the fragment, which does not reload the page by itself.
addEventListener("hashchange", () => location.reload());
addEventListener("pagehide", () => session?.hide());
addEventListener("pageshow", (event) => event.persisted && location.reload());

refuseFiles();
run();

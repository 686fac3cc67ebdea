/** The page: runs one session, and shows its state. */

import { createLink, parseLink } from "peerpost";
import { Files } from "peerpost/files";
import { Call } from "./call.js";
import { Conversation } from "./conversation.js";
import { find } from "./dom.js";
import { refuseFiles, takeFiles } from "./drop-zone.js";
import { HungUpError, explain } from "./failure.js";
import { showInvitation } from "./invitation.js";
import { ROUTE_MS, SLOW_MS } from "./limits.js";
import { forget, recall, remember, rememberAccessKey } from "./memory.js";
import { readRoute } from "./route.js";
import { announce, keepConversation, setStatus, show, showFailure, showJoining, showNotice } from "./screen.js";
import { Session } from "./session.js";
import { readSettings } from "./settings.js";
import { Timeline } from "./timeline.js";

/** @type {Session | undefined} */
let session;

// The state from before the page was reloaded.
const memory = recall();

async function run() {
  const timeline = new Timeline();
  try {
    const meeting = parseLink(location.href);
    session = new Session(settings(), meeting, timeline, memory.invitation);
    await talk(session, Boolean(meeting.channelId));
  } catch (error) {
    const phase = session?.phase ?? "start";
    const failure = explain(error, phase, { isTimeUp: session?.isTimeUp, wasConnected: memory.wasConnected });
    session?.close(error);
    timeline.add(failure.title, failure.isWanted ? "step" : "bad");
    showFailure(failure, phase);
    if (phase === "talk") keepConversation();
  }
}

function settings() {
  const deployed = document.querySelector("meta[name=peerpost-server]")?.getAttribute("content") ?? "";
  return readSettings(new URL(location.href), deployed);
}

/**
 * @param {Session} session
 * @param {boolean} isInvited
 */
async function talk(session, isInvited) {
  const { peerConnection, signal } = session;
  const conversation = new Conversation(session.messages, announce, signal);
  const files = new Files(peerConnection, { onTransfer: (transfer) => conversation.addTransfer(transfer) });
  new Call(peerConnection, announce, signal);
  find("hang-up", HTMLButtonElement).addEventListener("click", () => session.close(new HungUpError("hung up")), { signal });

  setStatus(isInvited ? "Joining" : "Making a link", "busy");
  if (isInvited) showJoining("Connecting", "Getting the other person's connection details from the server.");
  await session.connect(
    (invitation, isEarlier) => invite(session, invitation, isEarlier),
    () => reach(session),
  );
  remember({ wasConnected: true });

  takeFiles((chosen) => files.send(chosen).forEach((transfer) => conversation.addTransfer(transfer)), signal);
  follow(session);
  setStatus("Connected", "good");
  show("conversation");
  conversation.focus();
  await session.ended();
}

/**
 * @param {Session} session
 * @param {import("./memory.js").Invitation} invitation
 * @param {boolean} isEarlier Whether the invitation is from before the page was reloaded.
 */
function invite({ signal }, invitation, isEarlier) {
  remember({ invitation });
  showInvitation(createLink(location.href, invitation), invitation.expiry, announce, signal);
  setStatus("Waiting for your guest", "busy");
  show("invitation");
  if (isEarlier) showNotice("Welcome back. The link you sent still works.");
  else if (memory.invitation) showNotice("Your earlier link no longer works. Send this one instead.");
  else if (memory.wasConnected) showNotice("Your earlier connection has ended. To connect again, send this new link.");
}

/** @param {Session} session */
function reach(session) {
  setStatus("Connecting", "busy");
  showJoining("Connecting", "The two browsers are looking for the shortest route to each other.");
  setTimeout(() => {
    if (session.phase !== "reach" || session.signal.aborted) return;
    setStatus("Still connecting", "busy");
    showJoining("Still connecting", "This is taking longer than usual. Ask the other person whether their page is open and their phone is awake.");
  }, SLOW_MS);
}

/** @param {Session} session */
function follow({ peerConnection, signal }) {
  const show = async () => {
    const route = await readRoute(peerConnection);
    if (!route || signal.aborted) return;
    find("route", HTMLElement).textContent = route.words;
    const { roundTripMs } = route;
    if (roundTripMs !== undefined) find("round-trip", HTMLElement).textContent = `${roundTripMs.toFixed(roundTripMs < 10 ? 1 : 0)} ms`;
  };
  const timer = setInterval(show, ROUTE_MS);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    find("route", HTMLElement).textContent = "Not connected";
    find("round-trip", HTMLElement).textContent = "–";
  });
  peerConnection.addEventListener(
    "connectionstatechange",
    () => {
      if (peerConnection.connectionState === "connected") setStatus("Connected", "good");
      else setStatus("Interrupted, reconnecting", "busy");
    },
    { signal },
  );
  show();
}

// Every new session starts by reloading the page, so that no state is left from the previous one.
find("again", HTMLButtonElement).addEventListener("click", () => location.reload());
find("fresh", HTMLButtonElement).addEventListener("click", () => {
  forget();
  location.reload();
});
find("access", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  rememberAccessKey(settings().server, find("access-key", HTMLInputElement).value.trim());
  location.reload();
});
// The page's fragment is the link to a channel, so skipping to the content must not change it.
find("skip", HTMLAnchorElement).addEventListener("click", (event) => {
  event.preventDefault();
  find("main", HTMLElement).focus();
});
// Opening another link in the same tab changes only the fragment, which does not reload the page by itself.
addEventListener("hashchange", () => location.reload());
// Tell the other peer at once. A link that is waiting for its guest stays valid, because this may be just a reload.
addEventListener("pagehide", () => session?.phase !== "wait" && session?.close(new HungUpError("left")));
addEventListener("pageshow", (event) => event.persisted && location.reload());

refuseFiles();
run();

/** The page: one session, and what is shown of it. */

import { createLink, parseLink } from "peerpost";
import { Call } from "./call.js";
import { Conversation } from "./conversation.js";
import { find } from "./dom.js";
import { takeFiles } from "./drop-zone.js";
import { HungUpError, explain } from "./failure.js";
import { Files } from "./files.js";
import { showInvitation } from "./invitation.js";
import { ROUTE_MS } from "./limits.js";
import { readRoute } from "./route.js";
import { announce, keepConversation, setStatus, show, showFailure, showJoining } from "./screen.js";
import { Session } from "./session.js";
import { readSettings } from "./settings.js";
import { Timeline } from "./timeline.js";

/** @type {Session | undefined} */
let session;

async function run() {
  const timeline = new Timeline();
  try {
    const deployed = document.querySelector("meta[name=peerpost-server]")?.getAttribute("content") ?? "";
    const meeting = parseLink(location.href);
    session = new Session(readSettings(new URL(location.href), deployed), meeting, timeline);
    await talk(session, Boolean(meeting.channelId));
  } catch (error) {
    const phase = session?.phase ?? "start";
    const failure = explain(error, phase);
    session?.close(error);
    timeline.add(failure.title, "bad");
    showFailure(failure, phase);
    if (phase === "talk") keepConversation();
  }
}

/**
 * @param {Session} session
 * @param {boolean} isInvited
 */
async function talk(session, isInvited) {
  const { peerConnection, signal } = session;
  const conversation = new Conversation(session.messages, announce, signal);
  const files = new Files(session.files, (transfer) => conversation.addTransfer(transfer));
  new Call(peerConnection, announce, signal);
  find("hang-up", HTMLButtonElement).addEventListener("click", () => session.close(new HungUpError("hung up")), { signal });

  setStatus(isInvited ? "Joining" : "Making a link", "busy");
  if (isInvited) showJoining("Connecting", "Reading what the other side left for you.");
  await session.connect(invite, reach);

  takeFiles((chosen) => files.send(chosen), signal);
  follow(session);
  setStatus("Connected", "good");
  show("conversation");
  conversation.focus();
  await session.ended();
}

/** @param {{ channelId: string, key: string }} meeting */
function invite(meeting) {
  showInvitation(createLink(location.href, meeting), announce, /** @type {Session} */ (session).signal);
  setStatus("Waiting for them", "busy");
  show("invitation");
}

function reach() {
  setStatus("Connecting", "busy");
  showJoining("Connecting", "The two browsers look for the shortest way to each other.");
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
      else setStatus("Interrupted, looking for another way", "busy");
    },
    { signal },
  );
  show();
}

// A new start is a new page: nothing of the last session is left over.
find("again", HTMLButtonElement).addEventListener("click", () => location.reload());
find("fresh", HTMLButtonElement).addEventListener("click", () => {
  const url = new URL(location.href);
  url.hash = "";
  history.replaceState(null, "", url.href.replace(/#$/, ""));
  location.reload();
});
// A fragment is a link here, so that the one to the content must not become it.
find("skip", HTMLAnchorElement).addEventListener("click", (event) => {
  event.preventDefault();
  find("main", HTMLElement).focus();
});
// Another link in the same tab changes the fragment only.
addEventListener("hashchange", () => location.reload());
// Tells the other side at once, and erases a link that nobody can use any more.
addEventListener("pagehide", () => session?.close(new HungUpError("left")));
addEventListener("pageshow", (event) => event.persisted && location.reload());

run();

/** Chooses the part of the page to show, and sets the status. */

import { create, find } from "./dom.js";
import { PHASES } from "./failure.js";

/** @typedef {"joining" | "invitation" | "conversation" | "failure"} Part */
/** @typedef {"busy" | "good" | "over" | "bad"} Mood */

const PARTS = /** @type {const} */ (["joining", "invitation", "conversation", "failure"]);

/** @param {Part} part */
export function show(part) {
  for (const each of PARTS) find(each, HTMLElement).hidden = each !== part;
}

/**
 * Show the conversation, whether the other person is there or away.
 *
 * @param {string} title
 * @param {string} notice Why the other person is away. Empty if they are there.
 */
export function showConversation(title, notice) {
  const interruption = find("interruption", HTMLElement);
  find("conversation-title", HTMLElement).textContent = title;
  interruption.textContent = notice;
  interruption.hidden = !notice;
  setOver(false);
  show("conversation");
}

/** Keep the conversation below another part, so that its messages can be read and its files saved. */
export function keepConversation() {
  if (!find("log-items", HTMLElement).querySelector(".mine, .theirs")) return;
  find("conversation-title", HTMLElement).textContent = "Your conversation";
  find("interruption", HTMLElement).hidden = true;
  setOver(true);
  find("conversation", HTMLElement).hidden = false;
}

/** @param {boolean} isOver */
function setOver(isOver) {
  for (const id of ["call", "composer"]) find(id, HTMLElement).hidden = isOver;
  find("conversation-end", HTMLElement).hidden = !isOver;
  find("conversation", HTMLElement).classList.toggle("over", isOver);
}

/**
 * @param {string} text
 * @param {Mood} mood
 */
export function setStatus(text, mood) {
  const status = find("status", HTMLElement);
  if (status.textContent !== text) status.textContent = text;
  status.dataset.mood = mood;
  // The user may be waiting in another tab, and sees only the title there.
  document.title = `${text} · Peerpost`;
}

/**
 * Announce something to users of screen readers.
 *
 * @param {string} text
 */
export function announce(text) {
  find("announcer", HTMLElement).textContent = text;
}

/**
 * @param {string} title
 * @param {string} text
 */
export function showJoining(title, text) {
  find("joining-title", HTMLElement).textContent = title;
  find("joining-text", HTMLElement).textContent = text;
  show("joining");
}

/**
 * Show a notice above the link: what happened to an earlier link, or to the connection.
 *
 * @param {string} text Empty if there is nothing to say.
 */
export function showNotice(text) {
  const notice = find("notice", HTMLElement);
  notice.textContent = text;
  notice.hidden = !text;
  if (text) announce(text);
}

/**
 * @param {import("./failure.js").Failure} failure
 * @param {import("./failure.js").Phase} phase
 */
export function showFailure({ title, text, next, otherwise = [], action = "new link", isCalm = false }, phase) {
  const heading = find("failure-title", HTMLElement);
  const step = find("failure-step", HTMLElement);
  heading.textContent = title;
  step.textContent = `Step: ${PHASES[phase]}`;
  step.hidden = isCalm;
  find("failure", HTMLElement).classList.toggle("calm", isCalm);
  find("failure-text", HTMLElement).textContent = text;
  find("failure-next", HTMLElement).textContent = next;
  find("failure-otherwise", HTMLElement).hidden = otherwise.length === 0;
  find("failure-tries", HTMLElement).replaceChildren(...otherwise.map((each) => create("li", { textContent: each })));
  find("access", HTMLElement).hidden = action !== "access key";
  const again = find("again", HTMLElement);
  again.hidden = action !== "try again" && action !== "come back";
  again.textContent = action === "come back" ? "Open the link again" : "Try again";
  find("fresh", HTMLElement).hidden = action === "access key" || action === "none";
  find("fresh", HTMLElement).classList.toggle("primary", action === "new link");
  show("failure");
  setStatus(title, isCalm ? "over" : "bad");
  heading.focus();
}

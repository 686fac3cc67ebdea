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

/** Keep the conversation below the error screen, so that its messages can be read and its files saved. */
export function keepConversation() {
  if (!find("log-items", HTMLElement).childElementCount) return;
  find("conversation-title", HTMLElement).textContent = "Your conversation";
  for (const id of ["call", "composer"]) find(id, HTMLElement).hidden = true;
  find("conversation-end", HTMLElement).hidden = false;
  find("conversation", HTMLElement).classList.add("over");
  find("conversation", HTMLElement).hidden = false;
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
 * Say what became of the link or the connection from before the reload.
 *
 * @param {string} text
 */
export function showNotice(text) {
  const notice = find("notice", HTMLElement);
  notice.textContent = text;
  notice.hidden = false;
  announce(text);
}

/**
 * @param {import("./failure.js").Failure} failure
 * @param {import("./failure.js").Phase} phase
 */
export function showFailure({ title, text, next, otherwise = [], action = "new link", isWanted = false }, phase) {
  const heading = find("failure-title", HTMLElement);
  const step = find("failure-step", HTMLElement);
  heading.textContent = title;
  step.textContent = `Step: ${PHASES[phase]}`;
  step.hidden = isWanted;
  find("failure", HTMLElement).classList.toggle("calm", isWanted);
  find("failure-text", HTMLElement).textContent = text;
  find("failure-next", HTMLElement).textContent = next;
  find("failure-otherwise", HTMLElement).hidden = otherwise.length === 0;
  find("failure-tries", HTMLElement).replaceChildren(...otherwise.map((each) => create("li", { textContent: each })));
  find("access", HTMLElement).hidden = action !== "access key";
  find("again", HTMLElement).hidden = action !== "try again";
  find("fresh", HTMLElement).hidden = action === "access key" || action === "none";
  find("fresh", HTMLElement).classList.toggle("primary", action === "new link");
  show("failure");
  setStatus(title, isWanted ? "over" : "bad");
  heading.focus();
}

/** Which part of the page is shown, and what the status says. */

import { create, find } from "./dom.js";
import { PHASES } from "./failure.js";

/** @typedef {"joining" | "invitation" | "conversation" | "failure"} Part */
/** @typedef {"busy" | "good" | "over" | "bad"} Mood */

const PARTS = /** @type {const} */ (["joining", "invitation", "conversation", "failure"]);

/** @param {Part} part */
export function show(part) {
  for (const each of PARTS) find(each, HTMLElement).hidden = each !== part;
}

/** Leave what was said and received to be read and saved, below what has ended it. */
export function keepConversation() {
  if (!find("log-items", HTMLElement).childElementCount) return;
  find("conversation-title", HTMLElement).textContent = "What was said";
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
  // Whoever waits does so in another tab.
  document.title = `${text} · Peerpost`;
}

/**
 * Say something to those who do not see it.
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
 * Say what became of the link, or of the connection, of before.
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
export function showFailure({ title, text, tries, again, needsKey = false, isWanted = false }, phase) {
  const heading = find("failure-title", HTMLElement);
  const step = find("failure-step", HTMLElement);
  heading.textContent = title;
  step.textContent = `Step: ${PHASES[phase]}`;
  step.hidden = isWanted;
  find("failure-next", HTMLElement).textContent = isWanted ? "And now" : "What to try";
  find("failure", HTMLElement).classList.toggle("calm", isWanted);
  find("failure-text", HTMLElement).textContent = text;
  find("failure-tries", HTMLElement).replaceChildren(...tries.map((each) => create("li", { textContent: each })));
  find("access", HTMLElement).hidden = !needsKey;
  find("again", HTMLElement).hidden = !again;
  find("fresh", HTMLElement).hidden = needsKey;
  find("fresh", HTMLElement).classList.toggle("primary", !again);
  show("failure");
  setStatus(title, isWanted ? "over" : "bad");
  heading.focus();
}

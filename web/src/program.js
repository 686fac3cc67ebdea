/** Shows that the other side is a command-line program, which connects for one transfer and reads no messages. */

import { find } from "./dom.js";
import { showConversation } from "./screen.js";

/** @typedef {import("peerpost/files").OtherPeer} OtherPeer */

/** @param {OtherPeer} program */
export function showProgram({ receives }) {
  const text = receives
    ? "It takes one file, or several that you choose together, and then leaves. Drop them here, or choose them below. It reads no messages."
    : "It sends what you see below, and then leaves. It reads no messages.";
  showConversation("You are connected to a command-line program", text);
  find("log-empty", HTMLElement).textContent = receives ? "Nothing sent yet." : "Nothing has arrived yet.";
  hidePersonalParts(true);
  find("composer", HTMLElement).hidden = !receives;
  // The message field had the focus, and is hidden now.
  find(receives ? "attach" : "log", HTMLElement).focus();
}

/** The other side is a person again. */
export function showPerson() {
  find("log-empty", HTMLElement).textContent = "No messages yet. Write one, or drop a file anywhere on this page.";
  hidePersonalParts(false);
}

/** @param {boolean} isProgram */
function hidePersonalParts(isProgram) {
  for (const id of ["camera", "message", "send"]) find(id, HTMLElement).hidden = isProgram;
  find("attach-label", HTMLElement).classList.toggle("alone", isProgram);
  find("attach-text", HTMLElement).classList.toggle("hidden", !isProgram);
}

/** The conversation: the messages and files that were sent, and the field for a new message. */

import { create, find, keepAtEnd } from "./dom.js";
import { MAX_LOG_ITEMS, MAX_MESSAGE_CHARACTERS } from "./limits.js";
import { viewTransfer } from "./transfer-view.js";

/** @typedef {import("peerpost/files").Transfer} Transfer */

export class Conversation {
  #log = find("log", HTMLElement);
  #items = find("log-items", HTMLOListElement);
  #empty = find("log-empty", HTMLElement);
  #input = find("message", HTMLInputElement);
  #announce;

  /**
   * @param {RTCDataChannel} channel
   * @param {(text: string) => void} announce
   * @param {AbortSignal} signal
   */
  constructor(channel, announce, signal) {
    this.#announce = announce;
    // A video call makes the log smaller. Scroll down, so that the latest message stays visible.
    const resized = new ResizeObserver(() => (this.#log.scrollTop = this.#log.scrollHeight));
    resized.observe(this.#log);
    channel.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#say("Other person", data.slice(0, MAX_MESSAGE_CHARACTERS));
    });
    find("composer", HTMLFormElement).addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        const text = this.#input.value.trim().slice(0, MAX_MESSAGE_CHARACTERS);
        if (!text || channel.readyState !== "open") return;
        channel.send(text);
        this.#say("You", text);
        this.#input.value = "";
      },
      { signal },
    );
  }

  focus() {
    this.#input.focus();
  }

  /** @param {Transfer} transfer */
  addTransfer(transfer) {
    this.#add(transfer.direction === "sent" ? "You" : "Other person", viewTransfer(transfer, this.#announce));
  }

  /**
   * @param {"You" | "Other person"} who
   * @param {string} text
   */
  #say(who, text) {
    this.#add(who, create("p", { className: "text", textContent: text, dir: "auto" }));
  }

  /**
   * @param {"You" | "Other person"} who
   * @param {HTMLElement} what
   */
  #add(who, what) {
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const head = create("p", { className: "who" }, who, " ", create("time", { textContent: time }));
    const item = create("li", { className: who === "You" ? "mine" : "theirs" }, head, what);
    keepAtEnd(this.#log, () => {
      this.#empty.hidden = true;
      this.#items.append(item);
      while (this.#items.children.length > MAX_LOG_ITEMS) this.#drop(/** @type {Element} */ (this.#items.firstElementChild));
    });
  }

  /** @param {Element} item */
  #drop(item) {
    const save = item.querySelector("a[download]");
    if (save instanceof HTMLAnchorElement) URL.revokeObjectURL(save.href);
    item.remove();
  }
}

/** The conversation: the messages and files that were sent, and the field for a new message. */

import { create, find, keepAtEnd } from "./dom.js";
import { DOUBT_MS, MAX_LOG_ITEMS, MAX_MESSAGE_CHARACTERS } from "./limits.js";
import { viewTransfer } from "./transfer-view.js";

/** @typedef {import("peerpost/files").Transfer} Transfer */

/**
 * @typedef {object} Sent A message that was sent.
 * @property {HTMLLIElement} item Its entry in the log.
 * @property {number} at When it was sent, as a time of `performance.now()`.
 */

export class Conversation {
  #log = find("log", HTMLElement);
  #items = find("log-items", HTMLOListElement);
  #empty = find("log-empty", HTMLElement);
  #input = find("message", HTMLInputElement);
  #send = find("send", HTMLButtonElement);
  #announce;
  /** @type {RTCDataChannel | undefined} The data channel for messages, while two people are connected. */
  #channel;
  #other = "Other person";
  /** @type {Sent[]} The latest messages that were sent through the channel. */
  #sent = [];
  /** @type {number | undefined} Since when the connection is interrupted, as a time of `performance.now()`. */
  #interruptedAt;

  /** @param {(text: string) => void} announce */
  constructor(announce) {
    this.#announce = announce;
    // A video call makes the log smaller. Scroll down, so that the latest message stays visible.
    const resized = new ResizeObserver(() => (this.#log.scrollTop = this.#log.scrollHeight));
    resized.observe(this.#log);
    find("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /**
   * Talk through this data channel from now on, until the signal is aborted.
   *
   * @param {RTCDataChannel} channel
   * @param {AbortSignal} signal
   */
  use(channel, signal) {
    this.#channel = channel;
    this.#other = "Other person";
    this.#sent = [];
    this.interrupt(false);
    const take = (/** @type {MessageEvent} */ { data }) => {
      if (typeof data === "string") this.#say(this.#other, data.slice(0, MAX_MESSAGE_CHARACTERS));
    };
    channel.addEventListener("message", take, { signal });
    signal.addEventListener("abort", () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      this.#send.disabled = true;
      this.#doubt();
    });
  }

  /**
   * The connection is interrupted, or it is back. If it comes back, everything that was sent arrives.
   *
   * @param {boolean} isInterrupted
   */
  interrupt(isInterrupted) {
    this.#interruptedAt = isInterrupted ? (this.#interruptedAt ?? performance.now()) : undefined;
    this.#send.disabled = isInterrupted;
  }

  /** The connection is over. If it was interrupted, mark the messages that it may have lost. */
  #doubt() {
    if (this.#interruptedAt === undefined) return;
    const since = this.#interruptedAt - DOUBT_MS;
    const doubtful = this.#sent.filter(({ at }) => at > since);
    keepAtEnd(this.#log, () => {
      for (const { item } of doubtful) item.append(create("p", { className: "doubt" }, "This may not have arrived."));
    });
  }

  /** The other side is a program, and not a person. */
  meetProgram() {
    this.#other = "Command line";
  }

  focus() {
    this.#input.focus();
  }

  /**
   * Add a line about the conversation itself.
   *
   * @param {string} text
   */
  note(text) {
    this.#append(create("li", { className: "event" }, create("p", {}, text, " ", now())));
  }

  /** @param {Transfer} transfer */
  addTransfer(transfer) {
    this.#add(transfer.direction === "sent" ? "You" : this.#other, viewTransfer(transfer, this.#announce));
  }

  #submit() {
    const text = this.#input.value.trim().slice(0, MAX_MESSAGE_CHARACTERS);
    const isInterrupted = this.#interruptedAt !== undefined;
    if (!text || isInterrupted || this.#channel?.readyState !== "open") return;
    this.#channel.send(text);
    const at = performance.now();
    this.#sent = this.#sent.filter((message) => message.at > at - DOUBT_MS);
    this.#sent.push({ item: this.#say("You", text), at });
    this.#input.value = "";
  }

  /**
   * @param {string} who
   * @param {string} text
   */
  #say(who, text) {
    return this.#add(who, create("p", { className: "text", textContent: text, dir: "auto" }));
  }

  /**
   * @param {string} who
   * @param {HTMLElement} what
   */
  #add(who, what) {
    const head = create("p", { className: "who" }, who, " ", now());
    const item = create("li", { className: who === "You" ? "mine" : "theirs" }, head, what);
    this.#append(item);
    return item;
  }

  /** @param {HTMLLIElement} item */
  #append(item) {
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

/** The time of an entry. */
function now() {
  return create("time", { textContent: new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) });
}

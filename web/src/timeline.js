/** What happens, step by step, with times and the number of requests so far. */

import { create, find, keepAtEnd } from "./dom.js";

/** @typedef {"step" | "good" | "bad"} Mood */

// A connection takes about twenty; candidates and restarts could go on for as long as the page is open.
const MAX_STEPS = 100;

export class Timeline {
  #list = find("timeline", HTMLOListElement);
  #requests = find("requests", HTMLElement);
  #start = performance.now();
  #count = 0;

  /** @param {number} count */
  countRequests(count) {
    this.#count = count;
    this.#requests.textContent = String(count);
  }

  /**
   * @param {string} text
   * @param {Mood} [mood]
   */
  add(text, mood = "step") {
    const seconds = (performance.now() - this.#start) / 1000;
    const time = create("span", { className: "at", textContent: `${seconds.toFixed(seconds < 10 ? 2 : 0)} s` });
    const requests = create("span", { className: "count" }, `${this.#count} ${this.#count === 1 ? "request" : "requests"}`);
    const item = create("li", { className: mood }, create("span", { className: "what", textContent: text }), create("span", { className: "when" }, time, " · ", requests));
    keepAtEnd(this.#list, () => {
      this.#list.append(item);
      if (this.#list.children.length > MAX_STEPS) this.#list.firstElementChild?.remove();
    });
  }
}

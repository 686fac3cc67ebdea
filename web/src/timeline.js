/** The connection timeline: each step, with its time and the number of requests so far. */

import { create, find, keepAtEnd } from "./dom.js";

/** @typedef {"step" | "good" | "bad"} Mood */

// A connection takes about twenty steps. Candidates and ICE restarts could add steps for as long as the page is open.
const MAX_STEPS = 100;

export class Timeline {
  #list = find("timeline", HTMLOListElement);
  #requests = find("requests", HTMLElement);
  #start = performance.now();
  #count = 0;
  #text = "";
  #times = 0;

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
    this.#times = text === this.#text ? this.#times + 1 : 1;
    this.#text = text;
    const what = create("span", { className: "what", textContent: this.#times > 1 ? `${text} × ${this.#times}` : text });
    const item = create("li", { className: mood }, what, this.#when());
    keepAtEnd(this.#list, () => {
      if (this.#times > 1) this.#list.lastElementChild?.remove();
      this.#list.append(item);
      if (this.#list.children.length > MAX_STEPS) this.#list.firstElementChild?.remove();
    });
  }

  #when() {
    const seconds = (performance.now() - this.#start) / 1000;
    const requests = `${this.#count} ${this.#count === 1 ? "request" : "requests"}`;
    return create("span", { className: "when", textContent: `${seconds.toFixed(seconds < 10 ? 2 : 0)} s · ${requests}` });
  }
}

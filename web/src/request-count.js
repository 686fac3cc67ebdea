/** Counts the requests to the server, each of which it sends on. */

export class RequestCount {
  value = 0;
  #onChange;

  /** @param {(value: number) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @type {typeof globalThis.fetch} */
  fetch = (input, init) => {
    this.#onChange(++this.value);
    return fetch(input, init);
  };
}
